import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { readDocument, valueAt } from '../../config/document.ts'
import { DocumentError, type Problem } from '../../config/problem.ts'
import type { DevApp, RegisteredCertificate } from '../../domain/devapp.ts'
import { ChainReader } from '../chain_reader.ts'
import { devAppOf, fileSchema, findingsInFile, type NamedChains, SharedParts } from '../devapp_schema.ts'
import { isSameDevApp } from '../same_devapp.ts'
import { parseRegistry } from './devapps_file.ts'
import { FileLayout, type Item, type ItemBlock, itemOf } from './file_layout.ts'
import { readPlainChains } from './plain_chains.ts'
import { PlainItems } from './plain_item.ts'
import { Problems } from './problems.ts'
import { allBytes, type RegistryBytes } from './registry_bytes.ts'

export interface Reading {
  readonly devApps: readonly DevApp[]
  /** Those whose signature is still to be verified. */
  readonly unverified: readonly RegisteredCertificate[]
  /** The rows of CAs that the file names. */
  readonly chains: NamedChains
  /** Whether each item of the file's layout is the DevApp at the same place. */
  readonly byItem: boolean
}

/** Up to this size all signatures are verified first: those of some thousand chains take a second. */
const verifiedAtOnce = 8 * 1024 * 1024
/** The `yaml` package reads this in about a second, and nothing else happens meanwhile. */
const readAsAWhole = 4 * 1024 * 1024
/** How long nothing else happens while items are read. */
const sliceMs = 8

/** The DevApps of blocks of items, by the hash of their bytes. */
type Blocks = ReadonlyMap<string, readonly DevApp[]>

/** What stood in a file that was read. */
interface Known {
  readonly head: string
  readonly chains: NamedChains
  readonly plainItems: PlainItems
  readonly schema: ReturnType<typeof fileSchema>
  readonly blocks: Blocks
}

/**
 * Reads a registry file again and again, item by item: one whose lines are as they were is the DevApp that it was, the same
 * object. What is written in another layout, and what is wrong, is read as a whole, as `parseDevApps` does; where that takes too long,
 * it is refused.
 */
export class DevAppsReader {
  readonly #reader = new ChainReader()
  readonly #shared = new SharedParts()
  #known: Known = this.#knownOf('', new Map(), new Map())

  /** What was last read as a whole, by the hash of it. */
  #whole: { readonly key: string; readonly reading: Reading } | undefined

  /** Throws a DocumentError that names the problems; then what was known stays. */
  async read(file: RegistryBytes): Promise<Reading> {
    const unverified: RegisteredCertificate[] = []
    // Later on there is little that is new.
    const isFirst = this.#known.blocks.size === 0
    this.#reader.unverified = isFirst && file.length > verifiedAtOnce ? unverified : undefined
    const { devApps, problems } = await this.#readItems(file)
    if (problems.areNone) return { devApps, unverified, chains: this.#known.chains, byItem: true }
    if (file.length > readAsAWhole) throw new DocumentError(file.name, await problems.located(file))
    const bytes = await allBytes(file)
    const key = hash('sha256', bytes, 'base64')
    if (this.#whole?.key !== key) {
      const { devApps, chains } = parseRegistry(bytes.toString('utf8'), file.name, this.#reader)
      this.#whole = { key, reading: { devApps, chains, unverified: [], byItem: false } }
    }
    return this.#whole.reading
  }

  async #readItems(file: RegistryBytes): Promise<{ readonly devApps: readonly DevApp[]; readonly problems: Problems }> {
    const layout = new FileLayout()
    const blocks = new Map<string, readonly DevApp[]>()
    const problems = new Problems()
    const pause = pauses()
    let known: Known | undefined
    let items = 0
    const read = async (block: ItemBlock): Promise<void> => {
      known ??= this.#knownBelow(layout.head ?? '', problems)
      const key = hash('sha256', block.bytes, 'base64')
      const devApps = known.blocks.get(key) ?? (await this.#devAppsIn(block, items, known, problems, pause))
      for (const [i, devApp] of devApps.entries())
        if (devApp !== undefined) problems.expectUnique(devApp, items + i, block.offset + (block.starts[i] ?? 0))
      blocks.set(key, devApps.filter(isRead))
      items += devApps.length
      await pause()
    }
    for await (const chunk of file.chunks()) {
      for (const block of layout.push(chunk)) {
        await read(block)
        if (problems.areMany) return { devApps: [], problems }
      }
    }
    const last = layout.end()
    if (last === undefined) problems.add([otherLayout])
    else await read(last)
    if (known === undefined || !problems.areNone) return { devApps: [], problems }
    keepUnchanged(known.blocks, blocks)
    this.#known = { ...known, blocks }
    return { devApps: [...blocks.values()].flat(), problems }
  }

  /** What is still known with these lines above the list: not the DevApps of a chain that was changed. */
  #knownBelow(head: string, problems: Problems): Known {
    if (head === this.#known.head) return this.#known
    const chains = readPlainChains(head, this.#reader) ?? this.#chainsIn(head, problems)
    const stale = new Set(
      [...this.#known.chains].flatMap(([name, chain]) => (chains.get(name) === chain ? [] : [chain])),
    )
    const blocks = stale.size === 0 ? this.#known.blocks : withoutChains(this.#known.blocks, stale)
    return this.#knownOf(head, chains, blocks)
  }

  #knownOf(head: string, chains: NamedChains, blocks: Blocks): Known {
    const plainItems = new PlainItems({ reader: this.#reader, chains, shared: this.#shared })
    return { head, chains, plainItems, schema: fileSchema(this.#reader, chains), blocks }
  }

  #chainsIn(head: string, problems: Problems): NamedChains {
    const document = readDocument(`${head}\ndevapps: []\n`)
    problems.add(document.problems)
    const parsed = fileSchema(this.#reader, new Map()).safeParse(document.value)
    if (!parsed.success) problems.add(findingsInFile(parsed.error).map(document.located))
    return new Map(Object.entries(parsed.data?.chains ?? {}))
  }

  /** One for each item; `undefined` where it has problems. */
  async #devAppsIn(
    block: ItemBlock,
    index: number,
    known: Known,
    problems: Problems,
    pause: () => Promise<void> | undefined,
  ): Promise<readonly (DevApp | undefined)[]> {
    const { bytes, starts } = block
    const devApps: (DevApp | undefined)[] = []
    for (const [i, start] of starts.entries()) {
      const expected = this.#reader.unverified?.length ?? 0
      const quickly = known.plainItems.read(bytes, start, starts[i + 1] ?? bytes.length)
      if (quickly !== undefined) devApps.push(quickly)
      else {
        // What was read of it before something was written otherwise does not count.
        this.#reader.unverified?.splice(expected)
        devApps.push(this.#devAppIn(itemOf(block, i), index + i, known, problems))
      }
      if (problems.areMany) break
      const pausing = pause()
      if (pausing !== undefined) await pausing
    }
    return devApps
  }

  #devAppIn({ bytes, offset }: Item, index: number, { schema }: Known, problems: Problems): DevApp | undefined {
    const document = readDocument(`devapps:\n${bytes.toString('utf8')}`)
    // The line `devapps:` stands above here.
    const add = (found: readonly Problem[]): void =>
      problems.add(
        found.map((problem) => ({
          ...problem,
          path: problem.path.replace(/^devapps\[0\]/, `devapps[${index}]`),
          line: (problem.line ?? 2) - 1,
        })),
        offset,
      )
    add(document.problems)
    if (document.problems.length > 0) return undefined
    const items = valueAt(document.value, ['devapps'])
    if (!Array.isArray(items) || items.length !== 1 || Object.keys(Object(document.value)).length !== 1) {
      add([{ ...otherLayout, line: 2 }])
      return undefined
    }
    const parsed = schema.safeParse(document.value)
    const [written] = parsed.data?.devapps ?? []
    if (written !== undefined) return devAppOf(written, this.#shared)
    if (parsed.error !== undefined) add(findingsInFile(parsed.error).map(document.located))
    return undefined
  }
}

/** In the blocks that are new, the very DevApps of those that are no longer there, where they are the same. */
function keepUnchanged(before: Blocks, after: Map<string, readonly DevApp[]>): void {
  const gone = new Map<string, DevApp>()
  for (const [key, devApps] of before) if (!after.has(key)) for (const devApp of devApps) gone.set(devApp.id, devApp)
  if (gone.size === 0) return
  for (const [key, devApps] of after) {
    if (before.has(key)) continue
    const kept = devApps.map((devApp) => {
      const known = gone.get(devApp.id)
      return known !== undefined && isSameDevApp(known, devApp) ? known : devApp
    })
    after.set(key, kept)
  }
}

/** The blocks without DevApps that have one of these chains. */
function withoutChains(blocks: Blocks, chains: ReadonlySet<unknown>): Blocks {
  const isStale = ({ certificates }: DevApp): boolean => certificates.some(({ chain }) => chains.has(chain))
  return new Map([...blocks].filter(([, devApps]) => !devApps.some(isStale)))
}

const isRead = (devApp: DevApp | undefined): devApp is DevApp => devApp !== undefined

const otherLayout: Problem = {
  ...{ path: '', line: 1, message: 'a file of this size is read in one layout only' },
  cure: 'begin each DevApp with a dash on a line of its own, below the line devapps:, which comes last',
}

/** Waits for what else is to be done, each time that a slice of time has passed. */
function pauses(): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < sliceMs) return undefined
    return setImmediate().then(() => {
      since = performance.now()
    })
  }
}
