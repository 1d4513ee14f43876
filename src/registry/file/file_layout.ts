/** Consecutive items of a registry file. */
export interface ItemBlock {
  readonly bytes: Buffer
  /** Of its first byte, in the file. */
  readonly offset: number
  /** Where each item begins, in `bytes`: the first at 0. */
  readonly starts: readonly number[]
}

/** One DevApp's lines in a registry file, and the comments and empty lines that follow them. */
export interface Item {
  readonly bytes: Buffer
  /** Of its first byte, in the file. */
  readonly offset: number
}

/** How many items a block has on average, and at most. */
const usualItems = 32
const mostItems = 256
/** So much of an item's beginning says whether its block ends with it: with the tools the id, which stays. */
const tellingBytes = 64

/**
 * Takes a registry file apart, chunk by chunk: what stands before the line `devapps:`, and blocks of the items below it. Only
 * where each item begins with a dash on a line of its own, all at one indentation. No byte is left out, so whether what stands
 * between two dashes is an item is for whoever reads it. What ends a block is in its last item, so that the others are as they
 * were when one is added, changed or removed.
 */
export class FileLayout {
  /** The text before the line `devapps:`; `undefined` until that line has come, or where there is none. */
  head: string | undefined
  /** What has not been given out yet, within `#room`. */
  #rest: Buffer = Buffer.alloc(0)
  #room: Buffer = Buffer.alloc(0)
  #offset = 0
  /** The end of a line and the beginning of an item. */
  #separator: Buffer | undefined
  /** Up to where `#rest` was searched, and the items that were found in it. */
  #searched = 0
  #starts: number[] = [0]

  /** The blocks that are complete with this chunk, which is copied. Their bytes are good until the next one. */
  push(chunk: Buffer): ItemBlock[] {
    const length = this.#rest.length + chunk.length
    const room = length > this.#room.length ? Buffer.allocUnsafeSlow(2 * length) : this.#room
    this.#rest.copy(room)
    chunk.copy(room, this.#rest.length)
    this.#room = room
    this.#rest = room.subarray(0, length)
    if (this.head === undefined) this.#takeHead()
    if (this.head !== undefined && this.#separator === undefined) this.#findFirst()
    return this.#separator === undefined ? [] : this.#blocks(this.#separator)
  }

  /** What is left is the last block; `undefined` where there is none. */
  end(): ItemBlock | undefined {
    return this.#separator === undefined ? undefined : this.#take(this.#rest.length)
  }

  #takeHead(): void {
    const found = /^devapps:[ \t]*(#[^\n]*)?\r?\n/m.exec(this.#rest.toString('latin1'))
    if (found === null) return
    this.head = this.#rest.toString('utf8', 0, found.index)
    this.#take(found.index + found[0].length)
  }

  /** Comments above the first item are its own. */
  #findFirst(): void {
    const found = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)-[ \n]/.exec(this.#rest.toString('latin1'))
    if (found === null) return
    this.#separator = Buffer.from(`\n${found[1] ?? ''}-`)
    this.#searched = found[0].length - 1
  }

  #blocks(separator: Buffer): ItemBlock[] {
    const blocks: ItemBlock[] = []
    for (;;) {
      const found = this.#rest.indexOf(separator, this.#searched)
      const next = found < 0 ? undefined : this.#rest[found + separator.length]
      if (next === undefined) {
        this.#searched = Math.max(this.#searched, this.#rest.length - separator.length)
        return blocks
      }
      this.#searched = found + 1
      if (next !== space && next !== lineFeed) continue
      if (this.#starts.length === mostItems || endsBlock(this.#rest, this.#starts.at(-1) ?? 0, found))
        blocks.push(this.#take(found + 1))
      else this.#starts.push(found + 1)
    }
  }

  #take(length: number): ItemBlock {
    const block = { bytes: this.#rest.subarray(0, length), offset: this.#offset, starts: this.#starts }
    this.#offset += length
    this.#rest = this.#rest.subarray(length)
    this.#searched = 0
    this.#starts = [0]
    return block
  }
}

/** The items of a block, whose bytes they share. */
export const itemsOf = (block: ItemBlock): Item[] => block.starts.map((_, index) => itemOf(block, index))

/** The item at that index. */
export function itemOf({ bytes, offset, starts }: ItemBlock, index: number): Item {
  const start = starts[index] ?? 0
  return { bytes: bytes.subarray(start, starts[index + 1]), offset: offset + start }
}

/** Whether the item from `from` on is the last of its block, by a checksum of how it begins (FNV-1a). */
function endsBlock(bytes: Buffer, from: number, to: number): boolean {
  const end = Math.min(from + tellingBytes, to)
  let sum = 0x811c9dc5
  for (let at = from; at < end; at++) {
    const octet = bytes[at] ?? 0
    if (octet === lineFeed) break
    sum = Math.imul(sum ^ octet, 0x01000193)
  }
  return (sum >>> 16) % usualItems === 0
}

const lineFeed = 0x0a
const space = 0x20
