import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { RegistryError } from '../store.ts'

/** Who holds a lock, as its file says. */
interface Holder {
  readonly token: string
  readonly host: string
  readonly pid: number
  /** When the process began, in the kernel's words: a number is given to another process later. */
  readonly began: string
  readonly by: string
  readonly since: string
}

export interface LockOptions {
  /** Who wants it, for whoever waits meanwhile. */
  readonly by: string
  /** How long to wait for the one who holds it. */
  readonly waitMs: number
}

const betweenAttemptsMs = 25

/**
 * The right to change a file, of one process at a time: a file beside it that names the holder. One whose process is dead is
 * taken over; processes of other hosts cannot be looked at, and are believed.
 */
export class FileLock {
  readonly #path: string
  readonly #holder: Holder

  private constructor(path: string, holder: Holder) {
    this.#path = path
    this.#holder = holder
  }

  /** Rejects with a RegistryError that says who holds it, once it was waited for long enough. */
  static async acquire(file: string, { by, waitMs }: LockOptions): Promise<FileLock> {
    const path = join(dirname(file), `.${basename(file)}.lock`)
    const { pid } = process
    const holder = {
      ...{ token: randomUUID(), host: hostname(), pid, began: beginningOf(pid) ?? '', by },
      since: new Date().toISOString(),
    }
    const lock = new FileLock(path, holder)
    const deadline = performance.now() + waitMs
    for (;;) {
      if (await lock.#take()) return lock
      const other = await holderIn(path)
      if (other !== undefined && isDead(other)) await lock.#clear(other)
      else if (performance.now() >= deadline) throw new RegistryError(heldBy(other, path))
      else await pause(betweenAttemptsMs)
    }
  }

  /** Whether it is still held: false after somebody removed it by hand. */
  async isHeld(): Promise<boolean> {
    return (await holderIn(this.#path))?.token === this.#holder.token
  }

  async release(): Promise<void> {
    if (await this.isHeld()) await rm(this.#path, { force: true })
  }

  /** A link appears with all that the file says, or not at all. */
  async #take(): Promise<boolean> {
    const draft = `${this.#path}.${this.#holder.token}`
    try {
      await writeFile(draft, JSON.stringify(this.#holder), { flag: 'wx', mode: 0o644 })
      await link(draft, this.#path)
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    } finally {
      await rm(draft, { force: true })
    }
  }

  /** Moves a dead process's lock away. What a third process has put there meanwhile is put back. */
  async #clear(dead: Holder): Promise<void> {
    const away = `${this.#path}.${this.#holder.token}.stale`
    try {
      await rename(this.#path, away)
      if ((await holderIn(away))?.token !== dead.token) await link(away, this.#path)
    } catch (error) {
      if (!['ENOENT', 'EEXIST'].includes(codeOf(error))) throw error
    } finally {
      await rm(away, { force: true })
    }
  }
}

async function holderIn(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

function isDead({ host, pid, began }: Holder): boolean {
  if (host !== hostname()) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'ESRCH'
  }
  const beginning = beginningOf(pid)
  return beginning !== undefined && began !== '' && beginning !== began
}

/** Field 22 of proc(5) stat, since the boot; `undefined` where there is no such file system. */
function beginningOf(pid: number): string | undefined {
  try {
    // The name of the program, in parentheses, may hold spaces.
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[19]
  } catch {
    return undefined
  }
}

function heldBy(other: Holder | undefined, path: string): string {
  if (other === undefined) return `the registry is being changed; try again, and remove ${path} if nobody changes it`
  const { pid, host, by, since } = other
  return `${by} has been changing the registry since ${since}, process ${pid} on ${host}; try again, and remove ${path} if it is gone`
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code)
