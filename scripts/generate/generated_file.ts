import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file that nobody writes by hand. */
export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

export interface StaleFile {
  readonly path: string
  readonly reason: 'is missing' | 'differs from what is generated' | 'is no longer generated'
}

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The files that are not what they would be generated as, and those in `ownFolders` that would not be generated. */
export function staleFiles(files: readonly GeneratedFile[], ownFolders: readonly string[]): readonly StaleFile[] {
  const differing = files.flatMap(({ path, text }): StaleFile[] => {
    const file = join(root, path)
    if (!existsSync(file)) return [{ path, reason: 'is missing' }]
    return readFileSync(file, 'utf8') === text ? [] : [{ path, reason: 'differs from what is generated' }]
  })
  return [
    ...differing,
    ...leftOver(files, ownFolders).map((path) => ({ path, reason: 'is no longer generated' as const })),
  ]
}

/** Writes the files, and removes what else stands in `ownFolders`. */
export function writeFiles(files: readonly GeneratedFile[], ownFolders: readonly string[]): void {
  for (const path of leftOver(files, ownFolders)) rmSync(join(root, path))
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

function leftOver(files: readonly GeneratedFile[], ownFolders: readonly string[]): readonly string[] {
  const generated = new Set(files.map(({ path }) => path))
  return ownFolders
    .flatMap((folder) => filesWithin(join(root, folder)).map((file) => `${folder}/${file}`))
    .filter((path) => !generated.has(path))
}

/** The paths of all files in a folder, from there; none where the folder does not exist. */
export function filesWithin(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
}
