/*
 * YAML as the tools write DevApps: block style, texts plain or in double quotes without escapes, PEM as literal blocks, two more
 * spaces a level. The `yaml` package reads all of YAML and takes a minute for a hundred thousand DevApps; this takes a second,
 * and leaves everything else to it.
 */

/** What the item of a list means; `undefined` for whatever is written in another way, right or wrong. */
export function readPlainItem(item: string): unknown {
  if (item.includes('${')) return undefined
  try {
    return new PlainReader(item).item()
  } catch (error) {
    if (error === otherwise) return undefined
    throw error
  }
}

/** That it is written otherwise. */
const otherwise = Symbol('otherwise')

const keyText = /^[A-Za-z][\w./-]{0,62}$/
/** Nothing that is a number, a boolean or null in YAML's core schema, and no indicator. */
const plainText = /^(?!(?:true|false|null)$)(?:[A-Za-z$]|(?!0[xo])\d[\w.-]*[a-df-z])[\w$+/=.,@-]*(?: [\w$+/=.,@-]+)*$/i
const quotedText = /^"([ !#-[\]-~\u00a1-\u2027\u202a-\ud7ff]*)"$/

/** Lines of a literal block, at that indentation or a deeper one. */
function literalLines(indent: number): RegExp {
  const known = literals.get(indent)
  if (known !== undefined) return known
  const lines = new RegExp(`(?: {${indent}}[ -~]+\n)*`, 'y')
  literals.set(indent, lines)
  return lines
}
const literals = new Map<number, RegExp>()

class PlainReader {
  readonly #text: string
  /** Where the next line begins. */
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  item(): unknown {
    const indent = this.#indent()
    const [only, ...others] = this.#sequence(indent)
    // Empty lines may follow.
    if (only === undefined || others.length > 0 || this.#rest() !== 0) throw otherwise
    return only
  }

  #sequence(indent: number): unknown[] {
    const items: unknown[] = []
    while (this.#isAt(indent) && this.#text.startsWith('- ', this.#at + indent)) {
      const from = this.#at + indent + 2
      const end = this.#lineEnd()
      const line = this.#text.slice(from, end)
      if (line.includes(':')) items.push(this.#mapping(indent + 2, from))
      else {
        this.#at = end + 1
        items.push(textOf(line))
      }
    }
    return items
  }

  /** `from`: where the first key is, where a dash stands before it. */
  #mapping(indent: number, from?: number): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    let begins = from ?? (this.#isAt(indent) ? this.#at + indent : undefined)
    if (begins === undefined) throw otherwise
    while (begins !== undefined) {
      const end = this.#lineEnd()
      const colon = this.#text.indexOf(':', begins)
      const key = this.#text.slice(begins, colon)
      if (colon < 0 || colon >= end || !keyText.test(key) || Object.hasOwn(values, key)) throw otherwise
      this.#at = end + 1
      if (colon + 1 === end) values[key] = this.#below(indent + 2)
      else if (this.#text[colon + 1] !== ' ') throw otherwise
      else values[key] = this.#value(this.#text.slice(colon + 2, end), indent + 2)
      begins = this.#isAt(indent) ? this.#at + indent : undefined
    }
    return values
  }

  #below(indent: number): unknown {
    if (!this.#isAt(indent)) throw otherwise
    return this.#text.startsWith('- ', this.#at + indent) ? this.#sequence(indent) : this.#mapping(indent)
  }

  #value(written: string, indent: number): unknown {
    if (written === '|') return this.#literal(indent)
    if (written === '[]') return []
    if (written === '{}') return {}
    return textOf(written)
  }

  #literal(indent: number): string {
    const lines = literalLines(indent)
    lines.lastIndex = this.#at
    const [block = ''] = lines.exec(this.#text) ?? []
    this.#at += block.length
    // The first line tells the indentation; an empty line may belong to the block, or end the item.
    if (block[indent] === undefined || block[indent] === ' ' || (this.#text[this.#at] === '\n' && this.#rest() !== 0))
      throw otherwise
    return block.slice(indent).replaceAll(`\n${' '.repeat(indent)}`, '\n')
  }

  /** Whether the line at hand is of that level: false where it is of one above, or where nothing more follows. */
  #isAt(indent: number): boolean {
    const spaces = this.#indent()
    if (spaces > indent) throw otherwise
    return spaces === indent && this.#at < this.#text.length && this.#text[this.#at + spaces] !== '\n'
  }

  #indent(): number {
    let end = this.#at
    while (this.#text.charCodeAt(end) === 0x20) end++
    return end - this.#at
  }

  #lineEnd(): number {
    const end = this.#text.indexOf('\n', this.#at)
    return end < 0 ? this.#text.length : end
  }

  /** How much follows that is no empty line. */
  #rest(): number {
    let at = this.#at
    while (this.#text.charCodeAt(at) === 0x0a) at++
    return Math.max(0, this.#text.length - at)
  }
}

function textOf(written: string): string {
  if (plainText.test(written)) return written
  const [, quoted] = quotedText.exec(written) ?? []
  if (quoted === undefined) throw otherwise
  return quoted
}
