import { CertificateError } from './certificate.ts'
import { DerError, tag } from './der.ts'
import { DerCursor } from './der_cursor.ts'
import { certificateTimeOf } from './der_values.ts'
import { readName, textsOf } from './name.ts'

/** What tells registered certificates apart, each as in `Certificate`. */
export interface CertificateOutline {
  readonly serialNumber: string
  readonly commonNames: readonly string[]
  readonly issuerDer: string
}

/**
 * Serial number and names of a certificate, at a small part of the cost of reading it whole. What is not looked at here may still
 * be wrong: `certificateFromDer` refuses it. Throws CertificateError on what cannot be read.
 */
export function outlineOf(der: Buffer): CertificateOutline {
  return readable(() => {
    const cursor = atSerialNumber(der)
    const serialNumber = der.toString('hex', cursor.contentsAt, cursor.end)
    cursor.next(tag.sequence) // signature
    cursor.next(tag.sequence)
    const issuerDer = der.toString('hex', cursor.start, cursor.end)
    cursor.next(tag.sequence) // validity
    cursor.next(tag.sequence)
    const { start, contentsAt, end } = cursor
    const commonNames = plainCommonNames(der, contentsAt, end) ?? commonNamesIn(der.subarray(start, end))
    return { serialNumber, commonNames, issuerDer }
  })
}

/** The end of a certificate's validity, in milliseconds since 1970, at such a cost. Throws CertificateError like `outlineOf`. */
export function notAfterIn(der: Buffer): number {
  return readable(() => {
    const cursor = atSerialNumber(der)
    for (let i = 0; i < 3; i++) cursor.next(tag.sequence) // signature, issuer, validity
    cursor.over(cursor.contentsAt, cursor.end)
    for (let i = 0; i < 2; i++) if (!cursor.optional(tag.utcTime)) cursor.next(tag.generalizedTime)
    return certificateTimeOf(cursor.element()).getTime()
  })
}

/** A cursor within the TBSCertificate (RFC 5280 4.1). */
function atSerialNumber(der: Buffer): DerCursor {
  const cursor = new DerCursor(der, 'Certificate')
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
    if (!(cause instanceof DerError)) throw cause
    throw new CertificateError(`not a readable X.509 certificate: ${cause.message}`, { cause })
  }
}

/** As names usually are, one attribute in each RDN, and common names in ASCII; `undefined` for others. */
function plainCommonNames(der: Buffer, from: number, to: number): string[] | undefined {
  const names: string[] = []
  const cursor = new DerCursor(der, 'Name', from, to)
  while (cursor.hasNext) {
    cursor.next(tag.set)
    const { end } = cursor
    cursor.over(cursor.contentsAt, end)
    if (!cursor.optional(tag.sequence) || cursor.end !== end) return undefined
    cursor.over(cursor.contentsAt, end)
    cursor.next(tag.oid)
    if (isCommonName(der, cursor.contentsAt, cursor.end)) {
      if (!cursor.optional(tag.utf8String) && !cursor.optional(tag.printableString)) return undefined
      const text = der.toString('latin1', cursor.contentsAt, cursor.end)
      if (!/^[\x20-\x7e]*$/.test(text)) return undefined
      names.push(text)
    }
    cursor.over(end, to)
  }
  return names
}

/** 2.5.4.3 */
const isCommonName = (der: Buffer, at: number, end: number): boolean =>
  end - at === 3 && der[at] === 0x55 && der[at + 1] === 0x04 && der[at + 2] === 0x03

function commonNamesIn(name: Uint8Array): string[] {
  const cursor = new DerCursor(name, 'Name')
  cursor.next(tag.sequence)
  return textsOf(readName(cursor.element()), '2.5.4.3', 'commonName')
}
