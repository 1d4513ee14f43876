import type { ClientSecret, DevApp, RegisteredCertificate } from '../../domain/devapp.ts'
import { ChainError, type ChainReader } from '../chain_reader.ts'
import { devAppRules } from '../devapp_rules.ts'
import { instantOf, type NamedChains, type SharedParts } from '../devapp_schema.ts'
import { isSecretHash } from '../secrets.ts'
import { otherwise, PlainLines } from './plain_lines.ts'

/** What an item is read with. */
export interface PlainItemParts {
  readonly reader: ChainReader
  readonly chains: NamedChains
  readonly shared: SharedParts
}

/** What is longer is left to the `yaml` package. */
const maxBytes = 262_144
const longestText = 4_096

/** Room for the certificates of the item at hand: whoever keeps one copies it. */
const room = Buffer.allocUnsafeSlow(maxBytes)

type Draft = { -readonly [Member in keyof DevApp]: DevApp[Member] | undefined }

/** With room for every member, so that none has to be made when it comes. */
const emptyDraft = (): Draft => ({
  id: undefined,
  name: undefined,
  environment: undefined,
  status: undefined,
  clientKey: undefined,
  clientSecrets: undefined,
  products: undefined,
  certificates: undefined,
  labels: undefined,
})

/**
 * Reads items as the tools write them, right out of their bytes. The `yaml` package and the schema read all of YAML, and take a
 * minute for a hundred thousand DevApps; this takes a second, and leaves everything else to them.
 */
export class PlainItems {
  readonly #parts: PlainItemParts
  readonly #lines = new PlainLines()
  /** How much of the room is taken. */
  #used = 0

  constructor(parts: PlainItemParts) {
    this.#parts = parts
  }

  /**
   * The DevApp of the item between two positions; `undefined` for whatever is written in another way, right or wrong, a member of
   * which nothing is known here among it.
   */
  read(bytes: Buffer, from: number, end: number): DevApp | undefined {
    if (end - from > maxBytes) return undefined
    try {
      this.#used = 0
      this.#lines.begin(bytes, from, end)
      return this.#devApp()
    } catch (error) {
      if (error === otherwise || error instanceof ChainError) return undefined
      throw error
    }
  }

  #devApp(): DevApp {
    const lines = this.#lines
    const dash = lines.indent
    if (!lines.entersItem(dash)) throw otherwise
    const draft = emptyDraft()
    while (lines.isKeyAt(dash + 2)) this.#member(draft, lines.takeKey(), dash + 4)
    const { id, name, clientKey } = draft
    if (lines.indent >= 0 || id === undefined || name === undefined || clientKey === undefined) throw otherwise
    return {
      id,
      name,
      environment: draft.environment ?? 'production',
      status: draft.status ?? 'enabled',
      clientKey,
      clientSecrets: draft.clientSecrets ?? none,
      products: draft.products ?? this.#parts.shared.products(none),
      certificates: draft.certificates ?? none,
      labels: draft.labels ?? noLabels,
    }
  }

  /** `below`: how far what is below the key is indented. */
  #member(draft: Draft, key: string, below: number): void {
    switch (key) {
      case 'id':
        draft.id = once(draft.id, this.#matching(devAppRules.id.pattern))
        return
      case 'name':
        draft.name = once(draft.name, this.#text())
        return
      case 'environment':
        draft.environment = once(draft.environment, this.#oneOf('production', 'staging'))
        return
      case 'status':
        draft.status = once(draft.status, this.#oneOf('enabled', 'disabled'))
        return
      case 'client_key':
        draft.clientKey = once(draft.clientKey, this.#matching(devAppRules.clientKey.pattern))
        return
      case 'client_secrets':
        draft.clientSecrets = once(
          draft.clientSecrets,
          this.#list(below, () => this.#secret(below + 2)),
        )
        return
      case 'products':
        draft.products = once(draft.products, this.#parts.shared.products(this.#list(below, () => this.#product())))
        return
      case 'certificates':
        draft.certificates = once(
          draft.certificates,
          this.#list(below, () => this.#certificate(below + 2)),
        )
        return
      case 'labels':
        draft.labels = once(draft.labels, this.#labels(below))
        return
      default:
        throw otherwise
    }
  }

  #secret(indent: number): ClientSecret {
    let hash: string | undefined
    let notAfter: Date | undefined
    while (this.#lines.isKeyAt(indent)) {
      const key = this.#lines.takeKey()
      if (key === 'hash') hash = once(hash, this.#lines.value())
      else if (key === 'not_after') notAfter = once(notAfter, found(instantOf(this.#lines.value())))
      else throw otherwise
    }
    if (hash === undefined || !isSecretHash(hash)) throw otherwise
    return { hash, notAfter }
  }

  #certificate(indent: number): RegisteredCertificate {
    const { reader, chains } = this.#parts
    let leaf: Uint8Array | undefined
    let issuer: string | undefined
    let chain: readonly Uint8Array[] | undefined
    while (this.#lines.isKeyAt(indent)) {
      const key = this.#lines.takeKey()
      if (key === 'leaf') leaf = once(leaf, only(this.#pem(indent + 2)))
      else if (key === 'issuer') issuer = once(issuer, this.#lines.word())
      else if (key === 'chain') chain = once(chain, this.#pem(indent + 2))
      else throw otherwise
    }
    if (chain !== undefined && leaf === undefined && issuer === undefined) return reader.chainFromDer(chain)
    if (chain !== undefined || leaf === undefined || issuer === undefined) throw otherwise
    return reader.leafFromDer(leaf, found(chains.get(issuer)))
  }

  #pem(indent: number): readonly Uint8Array[] {
    const ders = this.#lines.takePem(indent, room, this.#used)
    for (const { length } of ders) this.#used += length
    return ders
  }

  #labels(indent: number): DevApp['labels'] {
    if (this.#lines.takesValue('{}')) return noLabels
    const labels = new Map<string, string>()
    this.#lines.enterBelow(indent)
    while (this.#lines.isKeyAt(indent)) {
      const name = this.#lines.takeKey()
      if (!labelName.test(name) || labels.has(name)) throw otherwise
      labels.set(name, this.#text())
    }
    return Object.fromEntries(labels)
  }

  #list<Value>(indent: number, read: () => Value): readonly Value[] {
    if (this.#lines.takesValue('[]')) return none
    this.#lines.enterBelow(indent)
    if (!this.#lines.entersItem(indent)) throw otherwise
    const values = [read()]
    while (this.#lines.entersItem(indent)) values.push(read())
    // Of one value, as most have it: a list has room for more once something was added.
    return values.length === 1 ? values : values.slice()
  }

  #product(): string {
    return isText(this.#lines.item())
  }

  #text(): string {
    return isText(this.#lines.value())
  }

  #matching(pattern: RegExp): string {
    const text = this.#lines.value()
    if (!pattern.test(text)) throw otherwise
    return text
  }

  #oneOf<const Word extends string>(...words: readonly Word[]): Word {
    const text = this.#lines.word()
    return found(words.find((word) => word === text))
  }
}

/** As YAML takes them without quotes for texts, and a label may be called. */
const labelName = /^(?!(?:true|false|null)$)[A-Za-z][\w./-]{0,62}$/i
const none: readonly never[] = []
const noLabels: DevApp['labels'] = {}

/** YAML has each key once. */
function once<Value>(before: Value | undefined, value: Value): Value {
  if (before !== undefined) throw otherwise
  return value
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw otherwise
  return value
}

function only<Value>([value, ...others]: readonly Value[]): Value {
  if (others.length > 0) throw otherwise
  return found(value)
}

function isText(text: string): string {
  if (text === '' || text.length > longestText) throw otherwise
  return text
}
