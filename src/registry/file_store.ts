import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { parseDevApps } from './devapps_file.ts'
import { RegistrySnapshot } from './registry.ts'
import type { Freshness, RegistryObserver, RegistrySource } from './store.ts'

/** An editor writes in several steps, and a Kubernetes volume swaps several links: look once they are through. */
const settleMs = 50

/** A file that is far larger is not a registry. */
const maxBytes = 512 * 1024 * 1024

/**
 * DevApps from a YAML file, read at start and whenever it changes. A file that does not hold up is refused as a whole, and
 * the last good one stays in force.
 */
export class FileStore implements RegistrySource {
  readonly #path: string
  readonly #observer: RegistryObserver
  #snapshot: RegistrySnapshot | undefined
  #text: string | undefined
  /** Whether the last reading found it right, and when one did. */
  #isRight = false
  #rightAt: Date | undefined
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> = Promise.resolve()

  constructor(path: string, observer: RegistryObserver) {
    this.#path = path
    this.#observer = observer
  }

  snapshot(): RegistrySnapshot | undefined {
    return this.#snapshot
  }

  freshness(): Freshness {
    // A file that is watched, and was right, is what it was.
    return { connected: this.#isRight, asOf: this.#isRight ? new Date() : this.#rightAt }
  }

  /** Watches the file and reads it. Resolves after the first reading, whatever came of it; rejects where its folder is not there. */
  async start(): Promise<void> {
    // The folder, since a file that is replaced, or a link that is swapped, takes its own watch with it.
    this.#watcher = watch(dirname(this.#path), () => this.#changed())
    this.#watcher.on('error', (error) => this.#observer.onRefused(error))
    await this.reload()
  }

  /** Reads the file now, after any reading under way. Never rejects: the observer is told. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read())
    return this.#reading
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#watcher?.close()
  }

  #changed(): void {
    // Not put off by the next change: other files of the folder may change all the time.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.reload()
    }, settleMs)
  }

  async #read(): Promise<void> {
    const at = new Date()
    try {
      await this.#takeOver()
      this.#isRight = true
      this.#rightAt = at
    } catch (error) {
      this.#isRight = false
      this.#observer.onRefused(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #takeOver(): Promise<void> {
    const bytes = await readFile(this.#path)
    if (bytes.length > maxBytes) throw new Error(`${basename(this.#path)} is larger than ${maxBytes} bytes`)
    const text = bytes.toString('utf8')
    if (text === this.#text && this.#snapshot !== undefined) return
    const snapshot = new RegistrySnapshot(parseDevApps(text, this.#path))
    this.#text = text
    this.#snapshot = snapshot
    this.#observer.onLoaded(snapshot)
  }
}
