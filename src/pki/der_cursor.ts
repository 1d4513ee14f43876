import { type Der, DerError, readDer } from './der.ts'

/**
 * Walks over DER elements that stand one after another, without building a tree of them: a list of a million parts takes no
 * more memory than its bytes. Tags and lengths are read as strictly as `readDer` reads them; what is inside an element is
 * judged when it is walked over itself, or read as a tree.
 */
export class DerCursor {
  /** The identifier octet of the current element. */
  tag = 0
  /** Where the current element begins, where its contents do, and where it ends. */
  start = 0
  contentsAt = 0
  end = 0
  readonly input: Uint8Array
  readonly #what: string
  #at: number
  #limit: number

  /** Before the first element of `input` between two offsets. `what` names the structure in errors. */
  constructor(input: Uint8Array, what: string, from = 0, to = input.length) {
    this.input = input
    this.#what = what
    this.#at = from
    this.#limit = to
  }

  /** Begins anew between two other offsets of the same bytes. */
  over(from: number, to: number): void {
    this.#at = from
    this.#limit = to
  }

  get hasNext(): boolean {
    return this.#at < this.#limit
  }

  /** Moves on to the next element. Throws DerError when there is none, or when it is not of `expected`. */
  next(expected: number): void {
    if (!this.optional(expected)) throw new DerError(`${this.#what}: expected tag 0x${expected.toString(16)}`)
  }

  /** Moves on to the next element when it has that tag; otherwise stays where it is. */
  optional(expected: number): boolean {
    if (this.#at >= this.#limit || this.input[this.#at] !== expected) return false
    this.tag = expected
    this.start = this.#at
    this.#readLength(this.#at + 1)
    this.#at = this.end
    return true
  }

  /** Throws DerError when elements are left. */
  finish(): void {
    if (this.hasNext) throw new DerError(`${this.#what}: an unexpected field at ${this.#at}`)
  }

  /** A cursor over what the current element holds. */
  inside(what: string): DerCursor {
    return new DerCursor(this.input, what, this.contentsAt, this.end)
  }

  /** The whole encoding of the current element, a view. */
  bytes(): Uint8Array {
    return this.input.subarray(this.start, this.end)
  }

  /** The contents octets of the current element, a view. */
  contents(): Uint8Array {
    return this.input.subarray(this.contentsAt, this.end)
  }

  /** The current element as a tree, of at most 64 KiB. Throws DerError where it is not DER throughout. */
  element(): Der {
    return readDer(this.bytes())
  }

  /** X.690 10.1: the definite form, in as few octets as possible, and within the container. */
  #readLength(at: number): void {
    const first = this.#octetAt(at)
    const octets = first < 0x80 ? 0 : first & 0x7f
    if (first === 0x80) throw new DerError(`indefinite length at ${at}`)
    if (octets > 4) throw new DerError(`length of ${octets} octets at ${at}`)
    let length = octets === 0 ? first : 0
    for (let i = 1; i <= octets; i++) length = length * 0x100 + this.#octetAt(at + i)
    if (octets > 0 && (length < 0x80 || length < 0x100 ** (octets - 1)))
      throw new DerError(`length not in its shortest form at ${at}`)
    this.contentsAt = at + 1 + octets
    this.end = this.contentsAt + length
    if (this.end > this.#limit) throw new DerError(`the element at ${this.start} ends outside its container`)
  }

  #octetAt(at: number): number {
    const octet = at < this.#limit ? this.input[at] : undefined
    if (octet === undefined) throw new DerError(`ends early, at ${at}`)
    return octet
  }
}
