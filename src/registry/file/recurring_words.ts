/** What is longer is hardly there twice. */
const longest = 32
const places = 1_024

/**
 * ASCII texts that were read out of bytes before: to find one costs less than to make it again, and it is in memory once. A word that
 * comes later may take the place of another.
 */
export class RecurringWords {
  readonly #words: (string | undefined)[] = new Array(places).fill(undefined)

  /** The word that stands between two positions; `undefined` where it is not among those that are kept. */
  find(bytes: Buffer, from: number, to: number): string | undefined {
    const length = to - from
    if (length > longest) return undefined
    const word = this.#words[placeOf(bytes, from, length)]
    if (word === undefined || word.length !== length) return undefined
    for (let i = 0; i < length; i++) if (word.charCodeAt(i) !== bytes[from + i]) return undefined
    return word
  }

  /** Keeps the word that was read from there. */
  keep(word: string, bytes: Buffer, from: number): void {
    if (word.length <= longest) this.#words[placeOf(bytes, from, word.length)] = word
  }
}

/** FNV-1a. */
function placeOf(bytes: Buffer, from: number, length: number): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < length; i++) sum = Math.imul(sum ^ (bytes[from + i] ?? 0), 0x01000193)
  return (sum >>> 8) % places
}
