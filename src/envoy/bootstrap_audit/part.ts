import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'

/** Where something stands. */
export interface Place {
  readonly file: string
  readonly path: readonly PropertyKey[]
  readonly line: number | undefined
}

/** What a part asks of the file that it is a part of. */
interface Source {
  readonly name: string
  /** What an alias stands for; any other node itself. */
  resolved(node: unknown): Node | undefined
  lineOf(node: Node): number | undefined
  /** The same for the same node, however many aliases lead there. */
  identityOf(node: Node): string
  /** Throws when there are too many. */
  countPart(): void
}

interface Position {
  readonly path: readonly PropertyKey[]
  readonly node: Node | undefined
  readonly line: number | undefined
  readonly identity: string
}

/**
 * A place in a file of Envoy's configuration and what stands there, if anything. Reading goes on below what is not there, so
 * that a rule can name the place of what is missing. Values are read as Envoy reads the JSON of protobuf; what has another
 * type than a reader asks for is `undefined`.
 */
export class Part implements Place {
  readonly path: readonly PropertyKey[]
  /** Of what is missing, that of what it is missing from. */
  readonly line: number | undefined
  /** The same for parts that aliases make of one place. */
  readonly identity: string
  readonly #file: Source
  readonly #node: Node | undefined

  constructor(file: Source, { path, node, line, identity }: Position) {
    file.countPart()
    this.#file = file
    this.#node = node
    this.path = path
    this.line = line
    this.identity = node === undefined ? identity : file.identityOf(node)
  }

  get file(): string {
    return this.#file.name
  }

  /** The field that the names lead to. Each may be written as `snake_case` or as `camelCase`. */
  at(...names: readonly string[]): Part {
    return names.reduce<Part>((part, name) => part.#field(name, camelCase(name)), this)
  }

  /** The value of a key of a map, which has one spelling. */
  entry(key: string): Part {
    return this.#field(key, key)
  }

  /** The keys of a map, and what they hold. */
  entries(): readonly (readonly [key: string, value: Part])[] {
    const keys = new Set(this.#pairs().map(({ key }) => keyText(key)))
    return [...keys].filter((key) => key !== undefined).map((key) => [key, this.entry(key)])
  }

  /** Of a list. */
  items(): readonly Part[] {
    if (!isSeq(this.#node)) return []
    return this.#node.items.map((item, index) => {
      const node = this.#file.resolved(item)
      const line = node && this.#file.lineOf(item as Node)
      return this.#below(index, node, line)
    })
  }

  /** Whether anything stands here; `null` is nothing. */
  get exists(): boolean {
    return this.#node !== undefined && this.#scalar !== null
  }

  get text(): string | undefined {
    const value = this.#scalar
    return typeof value === 'string' ? value : undefined
  }

  get number(): number | undefined {
    const value = this.#scalar
    if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return undefined
    return Number.isFinite(Number(value)) ? Number(value) : undefined
  }

  /** Envoy's YAML takes the words of YAML 1.1 too. */
  get isTrue(): boolean {
    const value = this.#scalar
    return value === true || (typeof value === 'string' && /^(y|yes|true|on)$/i.test(value))
  }

  /** Of a duration, such as `0.25s`. */
  get milliseconds(): number | undefined {
    const [, seconds] = /^(-?\d{1,12}(?:\.\d{1,9})?)s$/.exec(this.text ?? '') ?? []
    return seconds === undefined ? undefined : Number(seconds) * 1_000
  }

  /** The name of an enum's value, which may be written as its number. The first is the default; others are as written. */
  oneOf<const Names extends readonly string[]>(names: Names): string {
    const value = this.#scalar ?? 0
    return typeof value === 'number' ? (names[value] ?? String(value)) : String(value)
  }

  /** A text that is the same for parts that say the same. */
  canonical(depth = 0): string {
    if (depth > 32) return '...'
    if (isMap(this.#node)) {
      const said = this.entries().map(([key, value]) => `${camelCase(key)}:${value.canonical(depth + 1)}`)
      return `{${said.sort().join()}}`
    }
    if (isSeq(this.#node)) return `[${this.items().map((item) => item.canonical(depth + 1))}]`
    return JSON.stringify(this.#scalar ?? null)
  }

  get #scalar(): unknown {
    return isScalar(this.#node) ? this.#node.value : undefined
  }

  #field(...spellings: readonly [string, string]): Part {
    const pair = this.#pairs().find(({ key }) => spellings.includes(keyText(key) ?? ''))
    if (pair === undefined) return this.#below(spellings[0], undefined, undefined)
    return this.#below(keyText(pair.key) ?? '', this.#file.resolved(pair.value), this.#file.lineOf(pair.key as Node))
  }

  #below(step: PropertyKey, node: Node | undefined, line: number | undefined): Part {
    const identity = `${this.identity}/${String(step)}`
    return new Part(this.#file, { path: [...this.path, step], node, line: line ?? this.line, identity })
  }

  /** With those that a merge key (<<) brings, after the map's own. */
  #pairs(): readonly Pair[] {
    return isMap(this.#node) ? this.#pairsOf(this.#node, 0) : []
  }

  #pairsOf(map: YAMLMap, depth: number): readonly Pair[] {
    const isMerge = ({ key }: Pair): boolean => keyText(key) === '<<'
    const own = map.items.filter((pair) => !isMerge(pair))
    if (own.length === map.items.length || depth > 32) return own
    const merged = map.items
      .filter(isMerge)
      .map(({ value }) => this.#file.resolved(value))
      .flatMap((value) => (isSeq(value) ? value.items.map((item) => this.#file.resolved(item)) : [value]))
    return [...own, ...merged.filter(isMap).flatMap((other) => this.#pairsOf(other, depth + 1))]
  }
}

function keyText(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined
}

/** As protobuf's JSON spells a field. */
function camelCase(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}
