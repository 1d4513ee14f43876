import { DerError } from './der.ts'

/** What a CRL says of one certificate. */
export interface RevokedEntry {
  /** The number of a CRLReason (RFC 5280 5.3.1); `undefined` where the entry names none. */
  readonly reasonCode: number | undefined
  readonly revokedAt: Date
}

/** A record: the reason, the date in seconds, how long the serial number is, and the serial number. */
const dateAt = 1
const dateOctets = 5
const lengthAt = dateAt + dateOctets
const serialAt = lengthAt + 1

const noReason = 0xff
/** From the year 0 to 1970, so that no date is negative. */
const secondsBefore1970 = 62_167_219_200
/** Slots for each record: fewer make searches longer, more take memory. */
const slotsPerRecord = 1.5

/**
 * The serial numbers on a CRL, in some 30 octets each: records one after another, and a hash table of where they are
 * (open addressing, linear probing). Serial numbers are kept whole, so that two never count as one.
 */
export class RevokedSerials {
  readonly #records: Uint8Array
  readonly #view: DataView
  /** Where a record is, plus one; 0 where the slot is free. */
  readonly #slots: Uint32Array
  #used = 0
  #size = 0

  /** Room for `count` serial numbers of together `serialOctets` octets; adding more throws DerError. */
  constructor({ count, serialOctets }: { readonly count: number; readonly serialOctets: number }) {
    const octets = count * serialAt + serialOctets
    if (octets >= 2 ** 32 - 1) throw new DerError('more serial numbers than can be held')
    this.#records = new Uint8Array(octets)
    this.#view = new DataView(this.#records.buffer)
    this.#slots = new Uint32Array(Math.ceil(count * slotsPerRecord))
  }

  get size(): number {
    return this.#size
  }

  /** Octets of memory. */
  get byteLength(): number {
    return this.#records.byteLength + this.#slots.byteLength
  }

  /**
   * Adds the serial number whose contents octets are `input` from `from` to `to`: 1 to 255. Of one that stands twice the
   * first counts.
   */
  add(input: Uint8Array, from: number, to: number, reasonCode: number | undefined, revokedAtMs: number): void {
    const length = to - from
    const end = this.#used + serialAt + length
    if (length < 1 || length > 0xff || end > this.#records.length) throw new DerError('serial number without room')
    const slot = this.#slotOf(input, from, to)
    if (this.#slots[slot] !== 0) return
    const record = this.#used
    const seconds = Math.floor(revokedAtMs / 1_000) + secondsBefore1970
    this.#records[record] = reasonCode === undefined ? noReason : reasonCode
    this.#view.setUint8(record + dateAt, Math.floor(seconds / 2 ** 32))
    this.#view.setUint32(record + dateAt + 1, seconds % 2 ** 32)
    this.#records[record + lengthAt] = length
    for (let i = 0; i < length; i++) this.#records[record + serialAt + i] = input[from + i] ?? 0
    this.#slots[slot] = record + 1
    this.#used = end
    this.#size++
  }

  /** The entry of a serial number, given as contents octets in hex; `undefined` where it is not on the list. */
  find(serialNumber: string): RevokedEntry | undefined {
    if (this.#size === 0) return undefined
    const serial = Buffer.from(serialNumber, 'hex')
    const found = this.#slots[this.#slotOf(serial, 0, serial.length)] ?? 0
    if (found === 0) return undefined
    const record = found - 1
    const reasonCode = this.#view.getUint8(record)
    const seconds = this.#view.getUint8(record + dateAt) * 2 ** 32 + this.#view.getUint32(record + dateAt + 1)
    return {
      reasonCode: reasonCode === noReason ? undefined : reasonCode,
      revokedAt: new Date((seconds - secondsBefore1970) * 1_000),
    }
  }

  /** The slot of that serial number, or the free one where it would be. */
  #slotOf(input: Uint8Array, from: number, to: number): number {
    const slots = this.#slots
    let slot = hashOf(input, from, to) % slots.length
    for (;;) {
      const found = slots[slot] ?? 0
      if (found === 0 || this.#isAt(found - 1, input, from, to)) return slot
      slot = slot + 1 === slots.length ? 0 : slot + 1
    }
  }

  #isAt(record: number, input: Uint8Array, from: number, to: number): boolean {
    const records = this.#records
    if (records[record + lengthAt] !== to - from) return false
    for (let i = 0; i < to - from; i++) if (records[record + serialAt + i] !== input[from + i]) return false
    return true
  }
}

/** FNV-1a, and a last mixing: serial numbers that count upwards are spread too. The issuer chose them, and signed them. */
function hashOf(input: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (input[at] ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return (hash ^ (hash >>> 16)) >>> 0
}
