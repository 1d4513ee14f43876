import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { readDocument, valueAt } from '../../config/document.ts'
import { DocumentError, type Problem } from '../../config/problem.ts'
import type { DevApp, RegisteredCertificate } from '../../domain/devapp.ts'
import { ChainReader } from '../chain_reader.ts'
import { devAppSchema, fileSchema, findingsInFile, type NamedChains, WrittenDevApps } from '../devapp_schema.ts'
import { parseRegistry } from './devapps_file.ts'
import { FileLayout, type Item } from './file_layout.ts'
import { readPlainItem } from './plain_item.ts'
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
const mostProblems = 100

/** What stood in a file that was read. */
interface Known {
  readonly head: string
  readonly chains: NamedChains
  readonly schema: ReturnType<typeof fileSchema>
  readonly devApp: ReturnType<typeof devAppSchema>
  /** By the hash of their items' bytes. */
  readonly devApps: ReadonlyMap<string, DevApp>
}

/**
 * Reads a registry file again and again, item by item: one whose lines are as they were is the DevApp that it was, the same
 * object. What is written in another layout, and what is wrong, is read as a whole, as `parseDevApps` does; where that takes too long,
 * it is refused.
 */
export class DevAppsReader {
  readonly #reader = new ChainReader()
  readonly #written = new WrittenDevApps()
  #known: Known = {
    ...{ head: '', chains: new Map(), devApps: new Map() },
    ...{ schema: fileSchema(this.#reader, new Map()), devApp: devAppSchema(this.#reader, new Map()) },
  }

  /** What was last read as a whole, by the hash of it. */
  #whole: { readonly key: string; readonly reading: Reading } | undefined

  /** Throws a DocumentError that names the problems; then what was known stays. */
  async read(file: RegistryBytes): Promise<Reading> {
    const unverified: RegisteredCertificate[] = []
    // Later on there is little that is new.
    const isFirst = this.#known.devApps.size === 0
    this.#reader.unverified = isFirst && file.length > verifiedAtOnce ? unverified : undefined
    const reading = await this.#readItems(file)
    if (reading.problems.length === 0)
      return { devApps: reading.devApps, unverified, chains: this.#known.chains, byItem: true }
    if (file.length > readAsAWhole) throw new DocumentError(file.name, reading.problems)
    const bytes = await allBytes(file)
    const key = hash('sha256', bytes, 'base64')
    if (this.#whole?.key !== key) {
      const { devApps, chains } = parseRegistry(bytes.toString('utf8'), file.name, this.#reader)
      this.#whole = { key, reading: { devApps, chains, unverified: [], byItem: false } }
    }
    return this.#whole.reading
  }

  async #readItems(
    file: RegistryBytes,
  ): Promise<{ readonly devApps: DevApp[]; readonly problems: readonly Problem[] }> {
    const layout = new FileLayout()
    const items = new Map<string, DevApp>()
    const devApps: DevApp[] = []
    const problems = new Problems()
    const pause = pauses()
    let known: Known | undefined
    const read = (item: Item): void => {
      const key = hash('sha256', item.bytes, 'binary')
      const devApp = known?.devApps.get(key) ?? (known && this.#devAppIn(item, devApps.length, known, problems))
      if (devApp === undefined) return
      problems.expectUnique(devApp, devApps.length, item)
      items.set(key, devApp)
      devApps.push(devApp)
    }
    for await (const chunk of file.chunks()) {
      for (const item of layout.push(chunk)) {
        known ??= this.#knownBelow(layout.head ?? '', problems)
        read(item)
        if (problems.areMany) return { devApps, problems: problems.all }
        const pausing = pause()
        if (pausing !== undefined) await pausing
      }
    }
    const last = layout.end()
    if (last === undefined) return { devApps, problems: [otherLayout(1)] }
    known ??= this.#knownBelow(layout.head ?? '', problems)
    read(last)
    if (problems.all.length === 0) this.#known = { ...known, devApps: items }
    return { devApps, problems: problems.all }
  }

  /** What is still known with these lines above the list: not the DevApps of a chain that was changed. */
  #knownBelow(head: string, problems: Problems): Known {
    if (head === this.#known.head) return this.#known
    const document = readDocument(`${head}\ndevapps: []\n`)
    problems.add(...document.problems)
    const parsed = fileSchema(this.#reader, new Map()).safeParse(document.value)
    if (!parsed.success) problems.add(...findingsInFile(parsed.error).map(document.located))
    const chains: NamedChains = new Map(Object.entries(parsed.data?.chains ?? {}))
    const stale = new Set(
      [...this.#known.chains].flatMap(([name, chain]) => (chains.get(name) === chain ? [] : [chain])),
    )
    const devApps =
      stale.size === 0
        ? this.#known.devApps
        : new Map(
            [...this.#known.devApps].filter(
              ([, { certificates }]) => !certificates.some((each) => stale.has(each.chain)),
            ),
          )
    const [schema, devApp] = [fileSchema(this.#reader, chains), devAppSchema(this.#reader, chains)]
    return { head, chains, schema, devApp, devApps }
  }

  #devAppIn({ bytes, line }: Item, index: number, { devApp, schema }: Known, problems: Problems): DevApp | undefined {
    const text = bytes.toString('utf8')
    const plain = readPlainItem(text)
    const quickly = plain === undefined ? undefined : devApp.safeParse(plain).data
    if (quickly !== undefined) return this.#written.devAppOf(quickly)

    const document = readDocument(`devapps:\n${text}`)
    // The line `devapps:` stands above here.
    const located = (problem: Problem): Problem => ({
      ...problem,
      path: problem.path.replace(/^devapps\[0\]/, `devapps[${index}]`),
      line: line + (problem.line ?? 2) - 2,
    })
    problems.add(...document.problems.map(located))
    if (document.problems.length > 0) return undefined
    const items = valueAt(document.value, ['devapps'])
    if (!Array.isArray(items) || items.length !== 1 || Object.keys(Object(document.value)).length !== 1) {
      problems.add(otherLayout(line))
      return undefined
    }
    const parsed = schema.safeParse(document.value)
    const [written] = parsed.data?.devapps ?? []
    if (written !== undefined) return this.#written.devAppOf(written)
    if (parsed.error !== undefined)
      problems.add(...findingsInFile(parsed.error).map((finding) => located(document.located(finding))))
    return undefined
  }
}

/** What is wrong in a file, up to a number that people still read. */
class Problems {
  readonly all: Problem[] = []
  readonly #ids = new Set<string>()
  readonly #clientKeys = new Set<string>()

  get areMany(): boolean {
    return this.all.length >= mostProblems
  }

  add(...problems: readonly Problem[]): void {
    this.all.push(...problems)
  }

  expectUnique({ id, clientKey }: DevApp, index: number, { line }: Item): void {
    this.#ids.add(id)
    this.#clientKeys.add(clientKey)
    const [message, cure] = ['another DevApp has it already', 'give each DevApp its own']
    if (this.#ids.size <= index) this.add({ path: `devapps[${index}].id`, line, message, cure })
    if (this.#clientKeys.size <= index) this.add({ path: `devapps[${index}].client_key`, line, message, cure })
  }
}

function otherLayout(line: number): Problem {
  const [message, cure] = [
    'a file of this size is read in one layout only',
    'begin each DevApp with a dash on a line of its own, below the line devapps:, which comes last',
  ]
  return { path: '', line, message, cure }
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
