/** One DevApp's lines in a registry file, and the comments and empty lines that follow them. */
export interface Item {
  readonly bytes: Buffer
  /** Of its first byte, in the file. */
  readonly offset: number
  /** Of its first line, from 1. */
  readonly line: number
}

/**
 * Takes a registry file apart, chunk by chunk: what stands before the line `devapps:`, and the lines of each item below it. Only
 * where each item begins with a dash on a line of its own, all at one indentation. No byte is left out, so whether what stands
 * between two dashes is an item is for whoever reads it.
 */
export class FileLayout {
  /** The text before the line `devapps:`; `undefined` until that line has come, or where there is none. */
  head: string | undefined
  /** What has not been given out yet, within `#room`. */
  #rest: Buffer = Buffer.alloc(0)
  #room: Buffer = Buffer.alloc(0)
  #offset = 0
  #line = 1
  /** The end of a line and the beginning of an item. */
  #separator: Buffer | undefined
  /** Up to where `#rest` holds no other item. */
  #searched = 0

  /** The items that are complete with this chunk, which is copied. Their bytes are good until the next one. */
  push(chunk: Buffer): Item[] {
    const length = this.#rest.length + chunk.length
    const room = length > this.#room.length ? Buffer.allocUnsafeSlow(2 * length) : this.#room
    this.#rest.copy(room)
    chunk.copy(room, this.#rest.length)
    this.#room = room
    this.#rest = room.subarray(0, length)
    if (this.head === undefined) this.#takeHead()
    if (this.head !== undefined && this.#separator === undefined) this.#findFirst()
    return this.#separator === undefined ? [] : this.#itemsBefore(this.#separator)
  }

  /** What is left is the last item; `undefined` where there is none. */
  end(): Item | undefined {
    return this.#separator === undefined ? undefined : this.#take(this.#rest.length)
  }

  #takeHead(): void {
    const found = /^devapps:[ \t]*(#[^\n]*)?\r?\n/m.exec(this.#rest.toString('latin1'))
    if (found !== null) this.head = this.#take(found.index + found[0].length).bytes.toString('utf8', 0, found.index)
  }

  /** Comments above the first item are its own. */
  #findFirst(): void {
    const found = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)-[ \n]/.exec(this.#rest.toString('latin1'))
    if (found === null) return
    this.#separator = Buffer.from(`\n${found[1] ?? ''}-`)
    this.#searched = found[0].length - 1
  }

  #itemsBefore(separator: Buffer): Item[] {
    const items: Item[] = []
    for (;;) {
      const found = this.#rest.indexOf(separator, this.#searched)
      const next = found < 0 ? undefined : this.#rest[found + separator.length]
      if (next === undefined) {
        this.#searched = Math.max(this.#searched, this.#rest.length - separator.length)
        return items
      }
      if (next === space || next === lineFeed) items.push(this.#take(found + 1))
      else this.#searched = found + 1
    }
  }

  #take(length: number): Item {
    const item = { bytes: this.#rest.subarray(0, length), offset: this.#offset, line: this.#line }
    this.#offset += length
    for (let at = item.bytes.indexOf(lineFeed); at >= 0; at = item.bytes.indexOf(lineFeed, at + 1)) this.#line++
    this.#rest = this.#rest.subarray(length)
    this.#searched = 0
    return item
  }
}

const lineFeed = 0x0a
const space = 0x20
