import { readIndentedPem } from '../../pki/indented_pem.ts'
import { RecurringWords } from './recurring_words.ts'

/** That something is written otherwise than `PlainLines` reads it, right or wrong. */
export const otherwise = Symbol('otherwise')

/** Nothing that is a number, a boolean or null in YAML's core schema, and no indicator. */
const plainText = /^(?!(?:true|false|null)$)(?:[A-Za-z$]|(?!0[xo])\d[\w.-]*[a-df-z])[\w$+/=.,@-]*(?: [\w$+/=.,@-]+)*$/i
const quotedText = /^"([ !#-[\]-~\u00a1-\u2027\u202a-\ud7ff]*)"$/

const lineFeed = 0x0a
const space = 0x20
const hyphen = 0x2d
const colon = 0x3a

/**
 * Walks over the lines of block YAML as the tools write it: two more spaces a level, no comments, no empty lines but at the end.
 * Its methods throw `otherwise` at everything else.
 */
export class PlainLines {
  /** Of the line at hand: how far it is indented, -1 behind the last one. */
  indent = -1
  #bytes: Buffer = Buffer.alloc(0)
  #end = 0
  /** Behind the spaces; behind the last character; whether all between is ASCII. */
  #from = 0
  #to = 0
  #isAscii = true
  /** Where its value begins, once its key was taken; behind its end where it has none. */
  #valueAt = 0

  readonly #keys = new RecurringWords()
  readonly #words = new RecurringWords()

  /** Begins with the line that begins at `from`; `end` is behind the last one. */
  begin(bytes: Buffer, from: number, end: number): void {
    this.#bytes = bytes
    this.#end = end
    this.#moveTo(from)
  }

  /** Whether an item of a list begins on this line, at that level: what follows the dash is then as if on a line of its own. */
  entersItem(indent: number): boolean {
    if (this.indent !== indent || this.#bytes[this.#from] !== hyphen) return false
    if (this.#bytes[this.#from + 1] !== space) throw otherwise
    this.#from += 2
    this.indent += 2
    return true
  }

  /** Whether this line is of that level, and no item. */
  isKeyAt(indent: number): boolean {
    return this.indent === indent && this.#bytes[this.#from] !== hyphen
  }

  /** The key of this line, unread. */
  takeKey(): string {
    const bytes = this.#bytes
    let end = this.#from
    while (end < this.#to && bytes[end] !== colon) end++
    if (end === this.#to || (end + 1 < this.#to && bytes[end + 1] !== space)) throw otherwise
    this.#valueAt = end + 2
    const known = this.#keys.find(bytes, this.#from, end)
    if (known !== undefined) return known
    const key = bytes.toString('latin1', this.#from, end)
    this.#keys.keep(key, bytes, this.#from)
    return key
  }

  /** Moves on to the first line below the key that was taken, which has to be indented so far. */
  enterBelow(indent: number): void {
    if (this.#valueAt <= this.#to) throw otherwise
    this.#next()
    if (this.indent !== indent) throw otherwise
  }

  /** Whether the value of the key that was taken is written just so; moves on where it is. */
  takesValue(written: string): boolean {
    const is = this.#to - this.#valueAt === written.length && this.#slice(this.#valueAt) === written
    if (is) this.#next()
    return is
  }

  /** The DER of the certificates in the literal block that the value is, in `room` from `used` on; moves on. */
  takePem(indent: number, room: Buffer, used = 0): Uint8Array[] {
    if (!this.takesValue('|')) throw otherwise
    const ders: Uint8Array[] = []
    let free = used
    do {
      const block = readIndentedPem(this.#bytes, this.#from - this.indent, indent, room, free)
      if (block === undefined || block.end > this.#end) throw otherwise
      ders.push(room.subarray(free, block.freeAt))
      free = block.freeAt
      this.#moveTo(block.end)
    } while (this.indent >= indent)
    return ders
  }

  /** The text behind the key that was taken, on its line; moves on. */
  value(): string {
    if (this.#valueAt >= this.#to) throw otherwise
    return this.#textIn(this.#valueAt)
  }

  /** Likewise a text that many items have. */
  word(): string {
    if (this.#valueAt >= this.#to) throw otherwise
    return this.#wordIn(this.#valueAt)
  }

  /** The word that is an item of a list; moves on. */
  item(): string {
    return this.#wordIn(this.#from)
  }

  #wordIn(from: number): string {
    const [bytes, to] = [this.#bytes, this.#to]
    const known = this.#words.find(bytes, from, to)
    if (known === undefined) {
      const text = this.#textIn(from)
      // Neither quotes nor anything but ASCII.
      if (text.length === to - from) this.#words.keep(text, bytes, from)
      return text
    }
    this.#next()
    return known
  }

  #textIn(from: number): string {
    const written = this.#slice(from)
    this.#next()
    if (plainText.test(written)) return written
    const [, quoted] = quotedText.exec(written) ?? []
    // A registry file takes nothing from the environment, and has a way to write these two characters.
    if (quoted === undefined || quoted.includes('${')) throw otherwise
    return quoted
  }

  #slice(from: number): string {
    return this.#bytes.toString(this.#isAscii ? 'latin1' : 'utf8', from, this.#to)
  }

  #next(): void {
    this.#moveTo(this.#to + 1)
  }

  /** The line that begins there is the one at hand. */
  #moveTo(at: number): void {
    const bytes = this.#bytes
    let from = at
    while (from < this.#end && bytes[from] === space) from++
    let to = from
    let octets = 0
    for (; to < this.#end; to++) {
      const octet = bytes[to] ?? 0
      if (octet === lineFeed) break
      octets |= octet
    }
    this.#from = from
    this.#to = to
    this.#isAscii = octets < 0x80
    this.indent = from - at
    if (from < to) return
    for (let i = at; i < this.#end; i++) if (bytes[i] !== lineFeed) throw otherwise
    this.indent = -1
  }
}
