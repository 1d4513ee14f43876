import { basename, dirname } from 'node:path'
import { type FileText, WatchedFiles } from '../watched_files.ts'
import { type ConfigChanges, configChanges } from './changes.ts'
import { type Config, examineConfig } from './config.ts'
import type { Environment } from './interpolation.ts'
import { DocumentError } from './problem.ts'
import type { ConfigFile } from './schema.ts'
import { variablesIn } from './variable_files.ts'

export interface WatchedConfigOptions {
  readonly path: string
  readonly environment: Environment
  /** What is in force from now on, and what changed. Throws where it cannot be applied: then nothing has changed. */
  readonly onChanged: (config: Config, changes: ConfigChanges) => void
  /** A change could not be taken over; what was in force stays. */
  readonly onRefused: (error: Error) => void
  /** The file was read again, and says what it said. */
  readonly onUnchanged: () => void
}

interface Loaded {
  readonly config: Config
  readonly file: ConfigFile
}

/** The configuration that a service runs with: read at the start, whenever one of its files changes, and when it is told to. */
export class WatchedConfig {
  readonly #options: WatchedConfigOptions
  readonly #files: WatchedFiles<Loaded>
  /** Files that hold values of it: their folders are watched too. */
  #valueFiles: ReadonlySet<string> = new Set()
  #inForce: Loaded

  /** Throws where the file cannot be used. */
  constructor(options: WatchedConfigOptions) {
    this.#options = options
    this.#files = new WatchedFiles<Loaded>({
      folders: () => [...new Set([dirname(options.path), ...[...this.#valueFiles].map(dirname)])],
      paths: () => [options.path, ...this.#valueFiles],
      parse: ([file]) => this.#parse(file),
      onLoaded: (loaded) => this.#apply(loaded),
      onRefused: options.onRefused,
    })
    this.#inForce = this.#files.value
  }

  get config(): Config {
    return this.#inForce.config
  }

  /** Reads the file now, as after a SIGHUP. */
  reload(): void {
    if (!this.#files.reload()) this.#options.onUnchanged()
  }

  stop(): void {
    this.#files.stop()
  }

  #parse(file: FileText | undefined): Loaded {
    const { path, environment } = this.#options
    const [folder, read] = [dirname(path), new Set<string>()]
    const examined = examineConfig({
      ...{ text: file?.text ?? '', name: basename(path), folder },
      ...variablesIn(folder, environment, read),
    })
    this.#valueFiles = read
    if (examined.config === undefined || examined.file === undefined) throw new DocumentError(path, examined.problems)
    return { config: examined.config, file: examined.file }
  }

  #apply(loaded: Loaded): void {
    if (this.#inForce === undefined) return
    const changes = configChanges(this.#inForce.file, loaded.file)
    if (changes.applied.length + changes.restart.length === 0) return this.#options.onUnchanged()
    try {
      this.#options.onChanged(loaded.config, changes)
    } catch (error) {
      this.#options.onRefused(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#inForce = loaded
  }
}
