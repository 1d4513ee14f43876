import { readFile } from 'node:fs/promises'
import { DocumentError } from '../../config/problem.ts'
import type { DevApp } from '../../domain/devapp.ts'
import { isSameDevApp } from '../same_devapp.ts'
import { type DevAppChange, type DevAppStore, RegistryError } from '../store.ts'
import { DevAppsReader, type Reading } from './devapps_reader.ts'
import { FileLock } from './file_lock.ts'
import { identityOf, replaceFile, sameFile } from './file_replacement.ts'
import { bytesInMemory, type RegistryBytes, withRegistryBytes } from './registry_bytes.ts'
import { editedRegistry } from './registry_edit.ts'

/** How often a change is made anew, where somebody saves the file meanwhile. */
const attempts = 5

/**
 * The DevApps of a registry file, and changes to them: one process at a time, the file replaced as a whole, and only after what is
 * to become the file was read as what was meant.
 */
export class FileDevAppStore implements DevAppStore {
  readonly #path: string
  readonly #lockWaitMs: number
  /** A command looks several times: only what has changed since is read again. */
  readonly #reader = new DevAppsReader()
  /** What is being read, since it reads one file after the other. */
  #listing: Promise<unknown> = Promise.resolve()

  /** `lockWaitMs`: how long a change waits for another process's. */
  constructor(path: string, { lockWaitMs = 10_000 }: { readonly lockWaitMs?: number } = {}) {
    this.#path = path
    this.#lockWaitMs = lockWaitMs
  }

  async list(): Promise<readonly DevApp[]> {
    const reading = this.#listing.then(() =>
      withRegistryBytes(this.#path, (bytes) => readingOf(this.#reader, bytes)).catch(unlessMissing(this.#path)),
    )
    this.#listing = reading.catch(() => {})
    return (await reading).devApps
  }

  async find(id: string): Promise<DevApp | undefined> {
    return (await this.list()).find((devApp) => devApp.id === id)
  }

  async ownersOf(sha256: string): Promise<readonly DevApp[]> {
    return (await this.list()).filter(({ certificates }) => certificates.some(({ leaf }) => leaf.sha256 === sha256))
  }

  async change(change: DevAppChange): Promise<DevApp | undefined> {
    // Before the lock: nothing is written beside a link.
    await identityOf(this.#path).catch(unlessMissing(this.#path))
    const lock = await FileLock.acquire(this.#path, { by: change.by, waitMs: this.#lockWaitMs })
    try {
      for (let attempt = 1; ; attempt++) {
        const outcome = await this.#attempt(change, lock)
        if (outcome !== 'overtaken') return outcome.devApp
        if (attempt === attempts)
          throw new RegistryError(`${this.#path} keeps changing, and was not changed here; try again`)
      }
    } finally {
      await lock.release()
    }
  }

  async close(): Promise<void> {}

  async #attempt(
    { id, edit }: DevAppChange,
    lock: FileLock,
  ): Promise<{ readonly devApp: DevApp | undefined } | 'overtaken'> {
    const identity = await identityOf(this.#path)
    const bytes = await readFile(this.#path)
    const reader = new DevAppsReader()
    const reading = await readingOf(reader, bytesInMemory(this.#path, bytes))
    const before = reading.devApps.find((devApp) => devApp.id === id)
    const after = edit(before)
    if (isSameDevApp(before, after)) return { devApp: after }
    if (after !== undefined) expectFits(after, id, reading)

    const parts = editedRegistry(bytes, reading, { before, after })
    const devApp = await this.#readAgain(parts, reader, reading, { id, before, after })
    let overtaken = false
    try {
      await replaceFile(this.#path, parts, identity, async () => {
        overtaken = !sameFile(identity, await identityOf(this.#path)) || !(await lock.isHeld())
        if (overtaken) throw new Error('overtaken')
      })
    } catch (error) {
      if (overtaken) return 'overtaken'
      const reason = error instanceof Error ? error.message : String(error)
      throw new RegistryError(`${this.#path} was not changed: ${reason}`, { cause: error })
    }
    return { devApp }
  }

  /** Rejects where what was written is not what was meant, and nothing else. */
  async #readAgain(
    parts: readonly Uint8Array[],
    reader: DevAppsReader,
    { devApps }: Reading,
    {
      id,
      before,
      after,
    }: { readonly id: string; readonly before: DevApp | undefined; readonly after: DevApp | undefined },
  ): Promise<DevApp | undefined> {
    const cannot = (reason: string, cause?: unknown): RegistryError =>
      new RegistryError(`${this.#path} was not changed: ${reason}; change it by hand`, { cause })
    let written: readonly DevApp[]
    try {
      written = (await reader.read(bytesInMemory(this.#path, Buffer.concat(parts)))).devApps
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      throw cannot(`what it would become has mistakes: ${error.message}`, error)
    }
    const others = devApps.filter((devApp) => devApp !== before)
    const othersWritten = written.filter((devApp) => devApp.id !== id)
    const devApp = written.find((each) => each.id === id)
    const isMeant =
      isSameDevApp(devApp, after) &&
      others.length === othersWritten.length &&
      others.every((each, i) => isSameDevApp(each, othersWritten[i]))
    if (!isMeant) throw cannot('what it would become is not what is meant')
    return devApp
  }
}

/** Says how to begin, where there is no file yet. */
const unlessMissing =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    if (error.code !== 'ENOENT') throw error
    throw new RegistryError(`${path} is not there; create it, with the line devapps: [] in it, or mend its path`)
  }

async function readingOf(reader: DevAppsReader, bytes: RegistryBytes): Promise<Reading> {
  try {
    return await reader.read(bytes)
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    throw new RegistryError(`the registry has mistakes; mend them first\n${error.message}`, { cause: error })
  }
}

function expectFits(devApp: DevApp, id: string, { devApps }: Reading): void {
  if (devApp.id !== id) throw new RegistryError(`a DevApp keeps its id; ${id} cannot become ${devApp.id}`)
  const other = devApps.find((each) => each.id !== id && each.clientKey === devApp.clientKey)
  if (other !== undefined)
    throw new RegistryError(`the DevApp ${other.id} has this ClientKey already; give each DevApp its own`)
}
