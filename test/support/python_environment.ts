import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installPackages, type Progress, run } from './program.ts'

/** A virtual environment that holds exactly what a requirements file pins by hash, and none of their dependencies besides. */
export interface PythonEnvironment {
  /** Git-ignored, and made anew whenever the requirements change. */
  readonly folder: string
  readonly requirements: string
}

/** Whether the environment was made of these very requirements. */
export function isCurrent({ folder, requirements }: PythonEnvironment): boolean {
  const stamp = stampIn(folder)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(requirements, 'utf8')
}

export interface Fetch {
  /** What is fetched, and into where: a sentence. */
  readonly announcement: string
  /** What needs it, and what else would do: the words around an error. */
  readonly purpose: string
  readonly otherwise: string
}

/**
 * Makes the environment anew. Returns what pip complained about, `undefined` when everything is there. Throws with what is
 * missing where Python itself is.
 */
export function installRequirements(
  environment: PythonEnvironment,
  { announcement, purpose, otherwise }: Fetch,
  progress: Progress,
): string | undefined {
  const { folder, requirements } = environment
  const created = create(folder, progress)
  if (!created.ok)
    throw new Error(
      `${purpose}, which needs Python 3.10 or newer with its venv module (Debian: apt-get install python3-venv).\n${otherwise}\npython3 said:\n${created.output}`,
    )
  progress(announcement)
  const fetched = run(join(folder, 'bin', 'python3'), [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps', '--no-compile'],
    ...['--only-binary', ':all:', '--require-hashes', '--requirement', requirements],
  ])
  if (!fetched.ok) return fetched.output
  writeFileSync(stampIn(folder), readFileSync(requirements))
  return undefined
}

const stampIn = (folder: string): string => join(folder, 'requirements.txt')

function create(folder: string, progress: Progress): ReturnType<typeof run> {
  const attempt = () => {
    rmSync(folder, { recursive: true, force: true })
    return run('python3', ['-m', 'venv', folder])
  }
  const created = attempt()
  return !created.ok && installPackages(['python3', 'python3-venv'], progress) ? attempt() : created
}
