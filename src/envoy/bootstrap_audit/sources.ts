import { typed } from './extension.ts'
import type { Part, Place } from './part.ts'
import { SourceFile } from './source_file.ts'

/** Reads a file that the configuration names. Throws an Error whose message says why it cannot be read. */
export type ReadFile = (path: string) => { readonly name: string; readonly text: string }

export type Discovered = 'listeners' | 'routes' | 'filters' | 'clusters'

/** What a control plane says is not seen here. */
export interface Unseen {
  readonly at: Part
  readonly what: Discovered
}

export interface Unreadable {
  readonly at: Place
  readonly message: string
}

/** The files of one configuration, and what could not be read of it. */
export class Sources {
  readonly unseen: Unseen[] = []
  readonly unreadable: Unreadable[] = []
  readonly #read: ReadFile
  readonly #files = new Map<string, SourceFile | undefined>()

  constructor(read: ReadFile) {
    this.#read = read
  }

  /** The configuration that a file holds; `undefined`, with the reason in `unreadable`, where it holds none. */
  open(path: string, from: Place): Part | undefined {
    if (!this.#files.has(path)) this.#files.set(path, this.#opened(path, from))
    return this.#files.get(path)?.root
  }

  /** The resources of a ConfigSource that names a file, a DiscoveryResponse; none, and a word in `unseen`, for any other. */
  discovered(configSource: Part, what: Discovered): readonly Part[] {
    const path = configSource.at('path_config_source', 'path').text ?? configSource.at('path').text
    if (path === undefined) {
      this.unseen.push({ at: configSource, what })
      return []
    }
    const resources = this.open(path, configSource)?.at('resources').items() ?? []
    return resources.map((resource) =>
      // envoy.service.discovery.v3.Resource wraps one with its version.
      typed(resource).message === 'Resource' ? typed(resource).config.at('resource') : resource,
    )
  }

  #opened(path: string, from: Place): SourceFile | undefined {
    let file: SourceFile
    try {
      const { name, text } = this.#read(path)
      file = new SourceFile(name, text)
    } catch (error) {
      this.unreadable.push({ at: from, message: error instanceof Error ? error.message : String(error) })
      return undefined
    }
    this.unreadable.push(...file.mistakes.map((mistake) => ({ at: mistake, message: mistake.message })))
    return file.mistakes.length === 0 ? file : undefined
  }
}
