/** What the bench is made of and the project is not: found, or installed below .tools/ on first use. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages, type Progress, programOnPath, run } from '../../test/support/program.ts'

const tools = fileURLToPath(new URL('../../.tools', import.meta.url))
const bench = fileURLToPath(new URL('..', import.meta.url))
const ohaVersion = '1.14.0'
/** That of the image. */
const nodeVersion = '24.21.0'

/** oha, the load generator. Throws with how to get it. */
export function findOha(progress: Progress): string {
  const root = join(tools, 'cargo', `oha-${ohaVersion}`)
  const binary = join(root, 'bin', 'oha')
  if (existsSync(binary)) return binary
  const onPath = programOnPath('oha')
  if (onPath !== undefined && run(onPath, ['--version']).output.includes(ohaVersion)) return onPath
  if (programOnPath('cargo') === undefined)
    throw new Error(`oha ${ohaVersion} is built by cargo, which is not here: install Rust from https://rustup.rs/.`)
  progress(`Building oha ${ohaVersion} with cargo install into .tools/, once; it takes minutes ...`)
  const { ok, output } = run('cargo', ['install', 'oha', '--version', ohaVersion, '--locked', '--root', root])
  if (!ok) throw new Error(`oha could not be built.\ncargo said:\n${output.slice(-2_000)}`)
  return binary
}

/** A Go program below bench/, built. Throws with how to get Go. */
export function buildGo(folder: string, progress: Progress): string {
  const binary = join(tools, 'go', folder.replaceAll('/', '-'))
  if (programOnPath('go') === undefined)
    throw new Error('Go is not here: install Go 1.26 or newer from https://go.dev/dl/.')
  mkdirSync(join(tools, 'go'), { recursive: true })
  if (!existsSync(binary)) progress(`Building bench/${folder} with go build into .tools/ ...`)
  const { ok, output } = run('go', ['build', '-C', join(bench, folder), '-o', binary, '.'])
  if (!ok) throw new Error(`bench/${folder} could not be built.\ngo build said:\n${output.slice(-2_000)}`)
  return binary
}

/** nginx; `undefined` where there is none and none can be installed. */
export function findNginx(progress: Progress): string | undefined {
  const onPath = (): string | undefined =>
    programOnPath('nginx') ?? (existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : undefined)
  return onPath() ?? (installPackages(['nginx-light'], progress) ? onPath() : undefined)
}

/** The Node.js that the image has, from the npm registry; the one that runs this where that cannot be had. */
export function findNode(progress: Progress): string {
  if (process.versions.node === nodeVersion) return process.execPath
  const folder = join(tools, `node-${nodeVersion}`)
  const binary = join(folder, 'node_modules', 'node', 'bin', 'node')
  if (existsSync(binary)) return binary
  progress(`Fetching Node.js ${nodeVersion} from the npm registry into .tools/, once ...`)
  mkdirSync(folder, { recursive: true })
  const { ok, output } = run('npm', [
    ...['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `node@${nodeVersion}`],
  ])
  if (ok && existsSync(binary) && run(binary, ['--version']).output === `v${nodeVersion}`) return binary
  progress(
    `Node.js ${nodeVersion} could not be fetched, so ${process.versions.node} is measured: ${output.slice(-500)}`,
  )
  return process.execPath
}

/** The first version number in what a program says of itself. */
export function versionOf(binary: string, ...args: string[]): string {
  return /\d+\.\d+(?:\.\d+)?/.exec(run(binary, args).output)?.[0] ?? 'unknown'
}
