import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of the repository as it stands, with the modules installed there, in which source may be changed. */
export class Copy {
  readonly folder: string

  /** `files` from the root of the repository. */
  constructor(name: string, files: readonly string[] = filesOfRepository()) {
    this.folder = join(root, '.mutation', name)
    rmSync(this.folder, { recursive: true, force: true })
    for (const file of files) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true })
      cpSync(join(root, file), join(this.folder, file))
    }
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text)
  }
}

export const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** All within these folders. */
export const filesWithin = (...folders: readonly string[]): readonly string[] =>
  folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  )

/** Those that are under version control or could be. */
export function filesOfRepository(): readonly string[] {
  const { stdout, status } = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '--deduplicate'], {
    ...{ cwd: root, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 },
  })
  if (status !== 0) throw new Error('git ls-files failed: the run needs a checkout, to copy what belongs to it')
  return stdout.split('\n').filter((file) => file !== '')
}
