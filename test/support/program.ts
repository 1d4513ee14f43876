import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Told in whole sentences what is being done, and why it takes a while. */
export type Progress = (sentence: string) => void

/** The first program of that name on the PATH; `undefined` when there is none. */
export function programOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** What a program printed, or why it failed. */
export function run(command: string, args: readonly string[]): { readonly ok: boolean; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim() }
}

/** Installs Debian packages where that needs no one's permission: as root, with apt. Says whether it did. */
export function installPackages(packages: readonly string[], progress: Progress): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  progress(`Installing ${packages.join(' and ')} with apt-get ...`)
  const { ok, output } = run('env', [...quietly, 'sh', '-c', installation, 'apt', ...packages])
  if (!ok) progress(`apt-get failed: ${output.slice(-2_000)}`)
  return ok
}

/** Without questions, and without starting a service that was installed (invoke-rc.d). */
const quietly = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1']
const installation = 'apt-get update -q && apt-get install -y -q --no-install-recommends "$@"'
