import { basename, dirname } from 'node:path'
import { type FileText, WatchedFiles } from '../watched_files.ts'
import { type ConfigChanges, configChanges } from './changes.ts'
import { type Config, examineConfig } from './config.ts'
import type { Environment } from './interpolation.ts'
import { DocumentError } from './problem.ts'
import type { ConfigFile } from './schema.ts'
import { variablesIn } from './variable_files.ts'

export interface ConfigObserver {
  /** What is in force from now on, and what changed. Throws where it cannot be applied: then nothing has changed. */
  readonly onChanged: (config: Config, changes: ConfigChanges) => void
  /** A change could not be taken over; what was in force stays. */
  readonly onRefused: (error: Error) => void
  /** It was read again, and says what it said. */
  readonly onUnchanged: () => void
}

interface Loaded {
  readonly config: Config
  readonly file: ConfigFile
}

/** The configuration that a service runs with: read at the start, whenever one of its files changes, and when it is told to. */
export class WatchedConfig {
  readonly #path: string
  readonly #environment: Environment
  readonly #files: WatchedFiles<Loaded>
  /** Files that it takes values from, which are watched too. */
  #valueFiles: ReadonlySet<string> = new Set()
  #inForce: Loaded
  #observer: ConfigObserver | undefined

  /** Throws an Error that names every problem of the file. */
  constructor(path: string, environment: Environment) {
    this.#path = path
    this.#environment = environment
    this.#files = new WatchedFiles<Loaded>({
      folders: () => [...new Set([path, ...this.#valueFiles].map((file) => dirname(file)))],
      paths: () => [path, ...this.#valueFiles],
      parse: ([file]) => this.#parse(file),
      onLoaded: (loaded) => this.#apply(loaded),
      onRefused: (error) => this.#observer?.onRefused(error),
    })
    this.#inForce = this.#files.value
  }

  get current(): Config {
    return this.#inForce.config
  }

  /** Tells of changes from now on. */
  observe(observer: ConfigObserver): void {
    this.#observer = observer
  }

  /** Reads it now. */
  reload(): void {
    if (!this.#files.reload()) this.#observer?.onUnchanged()
  }

  stop(): void {
    this.#files.stop()
  }

  #parse(file: FileText | undefined): Loaded {
    const folder = dirname(this.#path)
    const read = new Set<string>()
    const examined = examineConfig({
      ...{ text: file?.text ?? '', name: basename(this.#path), folder },
      ...variablesIn(folder, this.#environment, read),
    })
    this.#valueFiles = read
    if (examined.config === undefined || examined.file === undefined)
      throw new DocumentError(this.#path, examined.problems)
    return { config: examined.config, file: examined.file }
  }

  #apply(loaded: Loaded): void {
    // At the start nobody is told.
    if (this.#observer === undefined) return
    const changes = configChanges(this.#inForce.file, loaded.file)
    if (changes.applied.length + changes.restart.length === 0) {
      this.#observer.onUnchanged()
      return
    }
    try {
      this.#observer.onChanged(loaded.config, changes)
    } catch (error) {
      this.#observer.onRefused(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#inForce = loaded
  }
}
