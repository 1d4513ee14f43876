import { lstat, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { RegistryError } from '../store.ts'

/** Says whether a file is still the one that was read. */
export interface FileIdentity {
  readonly ino: bigint
  readonly dev: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}

export const sameFile = (a: FileIdentity, b: FileIdentity): boolean =>
  a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs

/** Rejects with a RegistryError where the path is a link: what it points to may be one of many copies. */
export async function identityOf(
  path: string,
): Promise<FileIdentity & { readonly mode: bigint; readonly uid: bigint; readonly gid: bigint }> {
  const stats = await lstat(path, { bigint: true })
  if (!stats.isSymbolicLink()) return stats
  throw new RegistryError(`${path} is a link, as in a mounted volume; change the file where it comes from`)
}

/**
 * Puts new bytes in the file's place in one step, with its mode and owner, and has them on the disk before that. Whatever fails,
 * the old file stays as it was. `mayReplace` is asked at the last moment; what it throws is a failure too. Not for two at a time.
 */
export async function replaceFile(
  path: string,
  bytes: readonly Uint8Array[],
  { mode, uid, gid }: { readonly mode: bigint; readonly uid: bigint; readonly gid: bigint },
  mayReplace: () => Promise<void>,
): Promise<void> {
  const folder = dirname(path)
  const draft = join(folder, `.${basename(path)}.new`)
  try {
    // What a process left that died over it.
    await rm(draft, { force: true })
    const file = await open(draft, 'wx', 0o600)
    try {
      for (const part of bytes) await file.writeFile(part)
      if (process.getuid?.() !== Number(uid) || process.getgid?.() !== Number(gid))
        await file.chown(Number(uid), Number(gid))
      await file.chmod(Number(mode & 0o7777n))
      await file.sync()
    } finally {
      await file.close()
    }
    await mayReplace()
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  const opened = await open(folder)
  await opened.sync().finally(() => opened.close())
}
