import { isMap, isNode, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'

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
  readonly holder?: Part
  readonly step?: PropertyKey
  readonly node: Node | undefined
  /** Whose line it is: the key of a map, or the item of a list. */
  readonly mark?: Node
}

/**
 * A place in a file of Envoy's configuration and what stands there, if anything. Reading goes on below what is not there, so
 * that a rule can name the place of what is missing. Values are read as Envoy reads the JSON of protobuf; what has another
 * type than a reader asks for is `undefined`.
 */
export class Part implements Place {
  readonly #file: Source
  readonly #position: Position
  readonly #node: Node | undefined
  /** Many rules read the same. */
  readonly #below = new Map<PropertyKey, Part>()

  constructor(file: Source, position: Position) {
    file.countPart()
    this.#file = file
    this.#position = position
    this.#node = position.node
  }

  get path(): readonly PropertyKey[] {
    const { holder, step } = this.#position
    return holder === undefined || step === undefined ? [] : [...holder.path, step]
  }

  /** Of what is missing, that of what it is missing from. */
  get line(): number | undefined {
    const { holder, mark } = this.#position
    return (mark && this.#file.lineOf(mark)) ?? holder?.line
  }

  /** The same for parts that aliases make of one place. */
  get identity(): string {
    const { holder, step } = this.#position
    return this.#node === undefined ? `${holder?.identity}/${String(step)}` : this.#file.identityOf(this.#node)
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
    return this.#node.items.map((item, index) => this.#child(index, item, item))
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
  oneOf(names: readonly string[]): string {
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
    return pair === undefined ? this.#child(spellings[0]) : this.#child(keyText(pair.key) ?? '', pair.value, pair.key)
  }

  #child(step: PropertyKey, value?: unknown, mark?: unknown): Part {
    const known = this.#below.get(step)
    if (known !== undefined) return known
    const node = this.#file.resolved(value)
    const child = new Part(this.#file, { holder: this, step, node, ...(isNode(mark) && { mark }) })
    this.#below.set(step, child)
    return child
  }

  #pairs(): readonly Pair[] {
    return isMap(this.#node) ? this.#pairsOf(this.#node, new Set()) : []
  }

  /** With those that a merge key (<<) brings, after the map's own; from each map once. */
  #pairsOf(map: YAMLMap, seen: Set<YAMLMap>): readonly Pair[] {
    seen.add(map)
    const own = map.items.filter((pair) => !isMerge(pair))
    if (own.length === map.items.length) return own
    const merged = map.items
      .filter(isMerge)
      .map(({ value }) => this.#file.resolved(value))
      .flatMap((value) => (isSeq(value) ? value.items.map((item) => this.#file.resolved(item)) : [value]))
    return [...own, ...merged.flatMap((other) => (isMap(other) && !seen.has(other) ? this.#pairsOf(other, seen) : []))]
  }
}

const isMerge = ({ key }: Pair): boolean => keyText(key) === '<<'

function keyText(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined
}

const camelCases = new Map<string, string>()

/** As protobuf's JSON spells a field. */
export function camelCase(name: string): string {
  const known = camelCases.get(name)
  if (known !== undefined) return known
  const made = name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
  camelCases.set(name, made)
  return made
}
