/**
 * Octets that come in pieces. What comes in one piece is not copied, and of many, however small, each octet is copied a few times at
 * most: who sends a long message octet by octet makes the service work no more than in proportion.
 */
export class Pieces {
  #held: Buffer = Buffer.alloc(0)
  #length = 0

  add(piece: Buffer): void {
    const length = this.#length + piece.length
    if (this.#length === 0) this.#held = piece
    else {
      if (length > this.#held.length) {
        const roomy = Buffer.allocUnsafe(Math.max(length, 2 * this.#held.length))
        roomy.set(this.bytes)
        this.#held = roomy
      }
      this.#held.set(piece, this.#length)
    }
    this.#length = length
  }

  /** All so far. */
  get bytes(): Buffer {
    return this.#held.subarray(0, this.#length)
  }
}
