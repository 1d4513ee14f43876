/*
 * YAML as the tools write DevApps: block style, texts plain or in double quotes without escapes, PEM as literal blocks, two more
 * spaces a level. The `yaml` package reads all of YAML and takes half a minute for a hundred thousand DevApps; this takes one
 * second, and leaves everything else to it.
 */

/** What the item of a list means; `undefined` for whatever is written in another way, right or wrong. */
export function readPlainItem(item: string): unknown {
  if (item.includes('${')) return undefined
  const reader = new PlainReader(item.replace(/\n+$/, '').split('\n'))
  try {
    return reader.item()
  } catch (error) {
    if (error === otherwise) return undefined
    throw error
  }
}

/** That it is written otherwise. */
const otherwise = Symbol('otherwise')

const entry = /^( *)([A-Za-z][\w./-]{0,62}):(?: (.+))?$/
const scalarItem = /^( *)- ([^:]+)$/
/** Nothing that is a number, a boolean or null in YAML's core schema, and no indicator. */
const plainText = /^(?!(?:true|false|null)$)(?:[A-Za-z$]|(?!0[xo])\d[\w.-]*[a-df-z])[\w$+/=.,@-]*(?: [\w$+/=.,@-]+)*$/i
const quotedText = /^"([ !#-[\]-~\u00a1-\u2027\u202a-\ud7ff]*)"$/
const literalText = /^[ -~\n]+$/

class PlainReader {
  readonly #lines: string[]
  #at = 0

  constructor(lines: string[]) {
    this.#lines = lines
  }

  item(): unknown {
    const indent = /^( *)- /.exec(this.#lines[0] ?? '')?.[1]?.length
    if (indent === undefined) throw otherwise
    const [only, ...others] = this.#sequence(indent)
    if (others.length > 0 || this.#at < this.#lines.length) throw otherwise
    return only
  }

  #sequence(indent: number): unknown[] {
    const items: unknown[] = []
    for (let line = this.#lineAt(indent); line?.startsWith('- ', indent); line = this.#lineAt(indent)) {
      const scalar = scalarItem.exec(line)
      if (scalar === null) {
        this.#lines[this.#at] = `${' '.repeat(indent + 2)}${line.slice(indent + 2)}`
        items.push(this.#mapping(indent + 2))
      } else {
        this.#at++
        items.push(textOf(scalar[2] ?? ''))
      }
    }
    return items
  }

  #mapping(indent: number): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    for (let line = this.#lineAt(indent); line !== undefined; line = this.#lineAt(indent)) {
      const [, spaces, key = '', written] = entry.exec(line) ?? []
      if (spaces?.length !== indent || Object.hasOwn(values, key)) throw otherwise
      this.#at++
      values[key] = written === undefined ? this.#below(indent + 2) : this.#value(written, indent + 2)
    }
    if (Object.keys(values).length === 0) throw otherwise
    return values
  }

  #below(indent: number): unknown {
    const line = this.#lineAt(indent)
    if (line === undefined) throw otherwise
    return line.startsWith('- ', indent) ? this.#sequence(indent) : this.#mapping(indent)
  }

  #value(written: string, indent: number): unknown {
    if (written === '|') return this.#literal(' '.repeat(indent))
    if (written === '[]') return []
    if (written === '{}') return {}
    return textOf(written)
  }

  #literal(indent: string): string {
    const from = this.#at
    while (this.#lines[this.#at]?.startsWith(indent) === true) this.#at++
    const lines = this.#lines.slice(from, this.#at).map((line) => line.slice(indent.length))
    const text = `${lines.join('\n')}\n`
    // The first line tells the indentation, and an empty one may belong to the block or not.
    if (lines.length === 0 || text.startsWith(' ') || this.#lines[this.#at] === '' || !literalText.test(text))
      throw otherwise
    return text
  }

  /** The line at hand, where it is one of that level; `undefined` where it is of a level above, or the end. */
  #lineAt(indent: number): string | undefined {
    const line = this.#lines[this.#at]
    if (line === undefined) return undefined
    const spaces = line.search(/[^ ]/)
    if (spaces < 0 || spaces > indent) throw otherwise
    return spaces === indent ? line : undefined
  }
}

function textOf(written: string): string {
  if (plainText.test(written)) return written
  const [, quoted] = quotedText.exec(written) ?? []
  if (quoted === undefined) throw otherwise
  return quoted
}
