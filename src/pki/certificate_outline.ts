import { CertificateError } from './certificate.ts'
import { DerError, tag } from './der.ts'
import { DerCursor } from './der_cursor.ts'
import { certificateTimeOf } from './der_values.ts'
import { readName, textsOf } from './name.ts'

/** Where in a certificate's DER stands what tells registered ones apart: positions from its first octet on. */
export interface CertificateOutline {
  /** The contents of the serial number. */
  serialNumberAt: number
  serialNumberEnd: number
  /** The whole Names. */
  issuerAt: number
  issuerEnd: number
  subjectAt: number
  subjectEnd: number
  /** The only common name, where it is in ASCII; both 0 where there is another number of them, or another text. */
  commonNameAt: number
  commonNameEnd: number
}

/**
 * Finds serial number and names of the certificate that stands between two positions, at a small part of the cost of reading it
 * whole. What is not looked at here may still be wrong: `certificateFromDer` refuses it. Throws CertificateError on what cannot be
 * read.
 */
export function outlineOf(input: Buffer, from = 0, to = input.length): CertificateOutline {
  try {
    const cursor = atSerialNumber(input, from, to)
    const serialNumberAt = cursor.contentsAt - from
    const serialNumberEnd = cursor.end - from
    cursor.next(tag.sequence) // signature
    cursor.next(tag.sequence)
    const issuerAt = cursor.start - from
    const issuerEnd = cursor.end - from
    cursor.next(tag.sequence) // validity
    cursor.next(tag.sequence)
    const outline: CertificateOutline = {
      serialNumberAt,
      serialNumberEnd,
      issuerAt,
      issuerEnd,
      subjectAt: cursor.start - from,
      subjectEnd: cursor.end - from,
      commonNameAt: 0,
      commonNameEnd: 0,
    }
    findCommonName(cursor, outline, from)
    return outline
  } catch (cause) {
    throw asCertificateError(cause)
  }
}

/** The common names of a Name in DER, as in `Certificate`. Throws CertificateError like `outlineOf`. */
export function commonNamesIn(name: Uint8Array): string[] {
  return readable(() => {
    const cursor = new DerCursor(name, 'Name')
    cursor.next(tag.sequence)
    return textsOf(readName(cursor.element()), '2.5.4.3', 'commonName')
  })
}

/** The end of a certificate's validity, in milliseconds since 1970, at such a cost. Throws CertificateError like `outlineOf`. */
export function notAfterIn(der: Buffer): number {
  return readable(() => {
    const cursor = atSerialNumber(der, 0, der.length)
    for (let i = 0; i < 3; i++) cursor.next(tag.sequence) // signature, issuer, validity
    cursor.over(cursor.contentsAt, cursor.end)
    for (let i = 0; i < 2; i++) if (!cursor.optional(tag.utcTime)) cursor.next(tag.generalizedTime)
    return certificateTimeOf(cursor.element()).getTime()
  })
}

/** A cursor within the TBSCertificate (RFC 5280 4.1). */
function atSerialNumber(input: Buffer, from: number, to: number): DerCursor {
  const cursor = new DerCursor(input, 'Certificate', from, to)
  cursor.next(tag.sequence)
  cursor.finish()
  cursor.over(cursor.contentsAt, cursor.end)
  cursor.next(tag.sequence) // tbsCertificate
  cursor.over(cursor.contentsAt, cursor.end)
  cursor.optional(tag.context(0)) // version
  cursor.next(tag.integer)
  return cursor
}

function readable<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    throw asCertificateError(cause)
  }
}

function asCertificateError(cause: unknown): unknown {
  if (!(cause instanceof DerError)) return cause
  return new CertificateError(`not a readable X.509 certificate: ${cause.message}`, { cause })
}

/** As names usually are, one attribute in each RDN. The cursor is at the Name. */
function findCommonName(cursor: DerCursor, outline: CertificateOutline, from: number): void {
  const { input, contentsAt, end: to } = cursor
  let [at, end] = [0, 0]
  cursor.over(contentsAt, to)
  while (cursor.hasNext) {
    cursor.next(tag.set)
    const endOfRdn = cursor.end
    cursor.over(cursor.contentsAt, endOfRdn)
    if (!cursor.optional(tag.sequence) || cursor.end !== endOfRdn) return
    cursor.over(cursor.contentsAt, endOfRdn)
    cursor.next(tag.oid)
    if (isCommonName(input, cursor.contentsAt, cursor.end)) {
      if (at > 0 || (!cursor.optional(tag.utf8String) && !cursor.optional(tag.printableString))) return
      at = cursor.contentsAt
      end = cursor.end
      for (let i = at; i < end; i++) if (!isPrintable(input[i] ?? 0)) return
    }
    cursor.over(endOfRdn, to)
  }
  if (at === 0) return
  outline.commonNameAt = at - from
  outline.commonNameEnd = end - from
}

const isPrintable = (octet: number): boolean => octet >= 0x20 && octet <= 0x7e

/** 2.5.4.3 */
const isCommonName = (der: Uint8Array, at: number, end: number): boolean =>
  end - at === 3 && der[at] === 0x55 && der[at + 1] === 0x04 && der[at + 2] === 0x03
