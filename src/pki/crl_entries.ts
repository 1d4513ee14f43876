import { type CrlRejection, crlRejected } from './crl_rejection.ts'
import { DerError, readDer, tag } from './der.ts'
import { DerCursor } from './der_cursor.ts'
import { certificateTimeOf, smallNumberOf } from './der_values.ts'
import { readExtensions, unknownCritical } from './extensions.ts'
import { RevokedSerials } from './revoked_serials.ts'

/** Entries between two pauses: about a millisecond of work. */
const entriesPerStep = 4_096

/** RFC 5280 4.1.2.2 has at most 20. */
const maxSerialOctets = 64

const idReasonCode = '2.5.29.21'
const idCertificateIssuer = '2.5.29.29'
const understood: ReadonlySet<string> = new Set([
  idReasonCode,
  '2.5.29.23', // holdInstructionCode, of RFC 3280
  '2.5.29.24', // invalidityDate
])

/**
 * Reads revokedCertificates (RFC 5280 5.1.2.6) into a set of serial numbers, twice: to know how much room they take, and to
 * fill it. It pauses every few thousand entries, for callers that have other work. Throws DerError on entries that are not strict
 * DER or not of that structure.
 */
export function* readRevokedCertificates(
  entries: Uint8Array,
  version: 1 | 2,
): Generator<undefined, RevokedSerials | CrlRejection> {
  const serials = new RevokedSerials(yield* measure(entries))
  const reader = new EntryReader(entries, version)
  for (let count = 1; reader.next(); count++) {
    if (reader.refusal !== undefined) return reader.refusal
    serials.add(entries, reader.serialFrom, reader.serialTo, reader.reasonCode, reader.revokedAtMs)
    if (count % entriesPerStep === 0) yield
  }
  return serials
}

function* measure(input: Uint8Array): Generator<undefined, { count: number; serialOctets: number }> {
  const entries = new DerCursor(input, 'revokedCertificates')
  const fields = new DerCursor(input, 'an entry')
  let count = 0
  let serialOctets = 0
  while (entries.hasNext) {
    entries.next(tag.sequence)
    fields.over(entries.contentsAt, entries.end)
    fields.next(tag.integer)
    serialOctets += fields.end - fields.contentsAt
    count++
    if (count % entriesPerStep === 0) yield
  }
  return { count, serialOctets }
}

/** One entry at a time, in fields that are written over: a million of them leave nothing to collect. */
class EntryReader {
  serialFrom = 0
  serialTo = 0
  revokedAtMs = 0
  reasonCode: number | undefined
  /** Why the whole CRL is refused. */
  refusal: CrlRejection | undefined
  readonly #input: Uint8Array
  readonly #version: 1 | 2
  readonly #entries: DerCursor
  readonly #fields: DerCursor
  readonly #extensions = new EntryExtensions()

  constructor(input: Uint8Array, version: 1 | 2) {
    this.#input = input
    this.#version = version
    this.#entries = new DerCursor(input, 'revokedCertificates')
    this.#fields = new DerCursor(input, 'an entry of revokedCertificates')
  }

  /** Reads the next entry; false where there is none. */
  next(): boolean {
    if (!this.#entries.hasNext) return false
    this.#entries.next(tag.sequence)
    const fields = this.#fields
    fields.over(this.#entries.contentsAt, this.#entries.end)
    fields.next(tag.integer)
    this.#readSerial()
    this.revokedAtMs = fields.optional(tag.utcTime) ? this.#utcTime() : this.#generalizedTime()
    this.#readExtensions()
    fields.finish()
    return true
  }

  #readSerial(): void {
    const { contentsAt: from, end: to } = this.#fields
    const first = this.#input[from]
    const second = this.#input[from + 1] ?? 0
    if (to - from < 1 || to - from > maxSerialOctets) throw new DerError(`a serial number of ${to - from} octets`)
    // X.690 8.3.2
    if (to - from > 1 && ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80)))
      throw new DerError(`INTEGER not in its shortest form at ${from}`)
    this.serialFrom = from
    this.serialTo = to
  }

  /** As `certificateTimeOf` reads it, without the objects that it makes. */
  #utcTime(): number {
    const { contentsAt: at, end } = this.#fields
    if (end - at !== 13 || this.#input[at + 12] !== 0x5a) throw new DerError('time not as YYMMDDHHMMSSZ')
    const [year, month, day] = [this.#twoDigits(at), this.#twoDigits(at + 2), this.#twoDigits(at + 4)]
    const [hour, minute, second] = [this.#twoDigits(at + 6), this.#twoDigits(at + 8), this.#twoDigits(at + 10)]
    const fullYear = year < 50 ? 2000 + year : 1900 + year
    const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(fullYear, month)
    if (!isDay || hour > 23 || minute > 59 || second > 59) throw new DerError('no such time')
    return Date.UTC(fullYear, month - 1, day, hour, minute, second)
  }

  #twoDigits(at: number): number {
    const tens = (this.#input[at] ?? 0) - 0x30
    const ones = (this.#input[at + 1] ?? 0) - 0x30
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw new DerError('time not as YYMMDDHHMMSSZ')
    return tens * 10 + ones
  }

  #generalizedTime(): number {
    this.#fields.next(tag.generalizedTime)
    return certificateTimeOf(this.#fields.element()).getTime()
  }

  #readExtensions(): void {
    this.reasonCode = undefined
    if (!this.#fields.optional(tag.sequence)) return
    // RFC 5280 5.1.2.1: extensions are of version 2 only.
    if (this.#version < 2) throw new DerError('an entry with extensions in a CRL of version 1')
    const read = this.#extensions.read(this.#fields.bytes())
    if (typeof read === 'object') this.refusal = read
    else this.reasonCode = read
  }
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** What extensions say, remembered: in most entries of a CRL they are one of a handful, octet by octet. */
class EntryExtensions {
  static readonly #maxRemembered = 256
  readonly #read = new Map<string, number | CrlRejection | undefined>()

  read(der: Uint8Array): number | CrlRejection | undefined {
    const key = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1')
    if (this.#read.has(key)) return this.#read.get(key)
    const read = readEntryExtensions(der)
    if (this.#read.size === EntryExtensions.#maxRemembered) this.#read.clear()
    this.#read.set(key, read)
    return read
  }
}

/**
 * The reason's number, where the entry names one that RFC 5280 5.3.1 lists or could. What is critical and not understood makes the
 * whole CRL unusable (5.3), and so does an entry of another issuer's certificate, since those that follow are of that issuer
 * as well (5.3.3).
 */
function readEntryExtensions(der: Uint8Array): number | CrlRejection | undefined {
  const extensions = readExtensions(readDer(der))
  if (extensions.has(idCertificateIssuer)) return crlRejected('indirect', 'certificateIssuer in an entry')
  const unknown = unknownCritical(extensions, understood)
  if (unknown !== undefined) return crlRejected('unknown_critical_extension', `${unknown.oid} in an entry`)
  const reason = extensions.get(idReasonCode)
  const reasonCode = reason && smallNumberOf(readDer(reason.value), tag.enumerated)
  return reasonCode !== undefined && reasonCode < 0xff ? reasonCode : undefined
}
