import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs'
import { LaterReading } from './later_reading.ts'

/** An editor writes in several steps, and a Kubernetes volume swaps several links: look once they are through. */
const settleMs = 50

/** What people keep is far smaller. */
const maxBytes = 1_048_576

export interface FileText {
  readonly path: string
  readonly text: string
}

export interface WatchedFilesOptions<Value> {
  /** Where a change shows, the one that is surest to be there first. */
  readonly folders: () => readonly string[]
  /** The paths of the files that there are now. */
  readonly paths: () => readonly string[]
  /** What the files say. Throws where they do not hold up. */
  readonly parse: (files: readonly FileText[]) => Value
  readonly onLoaded: (value: Value) => void
  /** A change could not be taken over; what was in force stays. */
  readonly onRefused: (error: Error) => void
}

/** What small files say, read at once and whenever they change. Files that do not hold up leave the last good ones in force. */
export class WatchedFiles<Value> {
  readonly #options: WatchedFilesOptions<Value>
  #value: Value
  /** What was read last, whether or not it held up: it is told once. */
  #seen: string | undefined
  #watchers: FSWatcher[] = []
  #timer: NodeJS.Timeout | undefined
  /** What was told of them last. */
  #refused: string | undefined
  readonly #later = new LaterReading(() => this.#readAnew(true))

  /** Throws where the files cannot be read, or do not hold up: then there is no last good state. */
  constructor(options: WatchedFilesOptions<Value>) {
    this.#options = options
    try {
      this.#watch()
      const files = this.#read()
      this.#seen = JSON.stringify(files)
      this.#value = options.parse(files)
    } catch (error) {
      this.stop()
      throw error
    }
    options.onLoaded(this.#value)
  }

  /** The last good one. */
  get value(): Value {
    return this.#value
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#later.done()
    for (const watcher of this.#watchers.splice(0)) watcher.close()
  }

  /** Folders, since a file that is replaced takes its own watch with it. So does a folder: its watch is renewed each time. */
  #watch(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close()
    for (const folder of this.#options.folders()) {
      const watcher = watch(folder, () => this.#changed())
      watcher.on('error', this.#options.onRefused)
      this.#watchers.push(watcher)
    }
  }

  #changed(): void {
    // Not put off by the next change: other files of the folder may change all the time.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.reload()
    }, settleMs)
  }

  /** Reads the files now. Says whether they differ from what was read last. */
  reload(): boolean {
    return this.#readAnew()
  }

  /** What is read again by itself, and fails in the same way, was told before. */
  #readAnew(isAgain = false): boolean {
    try {
      this.#watch()
      const files = this.#read()
      this.#later.done()
      this.#refused = undefined
      const seen = JSON.stringify(files)
      if (seen === this.#seen) return false
      this.#seen = seen
      this.#value = this.#options.parse(files)
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause))
      this.#later.failed(error)
      if (isAgain && error.message === this.#refused) return true
      this.#refused = error.message
      this.#options.onRefused(error)
      return true
    }
    this.#options.onLoaded(this.#value)
    return true
  }

  #read(): FileText[] {
    return this.#options.paths().map((path) => {
      if (statSync(path).size > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`)
      return { path, text: readFileSync(path, 'utf8') }
    })
  }
}
