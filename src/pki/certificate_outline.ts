import { CertificateError } from './certificate.ts'
import { DerError, tag } from './der.ts'
import { DerCursor } from './der_cursor.ts'
import { hexOf } from './der_values.ts'
import { readName, textsOf } from './name.ts'

/** What tells registered certificates apart. */
export interface CertificateOutline {
  /** As in `Certificate`, each of them. */
  readonly serialNumber: string
  readonly commonNames: readonly string[]
  readonly issuerDer: string
}

/**
 * Serial number and names of a certificate, at a small part of the cost of reading it whole. What is not looked at here may still
 * be wrong: `certificateFromDer` refuses it. Throws CertificateError on what cannot be read.
 */
export function outlineOf(der: Uint8Array): CertificateOutline {
  try {
    const certificate = new DerCursor(der, 'Certificate')
    certificate.next(tag.sequence)
    certificate.finish()
    const outer = certificate.inside('Certificate')
    outer.next(tag.sequence)
    const fields = outer.inside('TBSCertificate')
    fields.optional(tag.context(0)) // version
    fields.next(tag.integer)
    const serialNumber = hexOf(fields.contents())
    fields.next(tag.sequence) // signature
    fields.next(tag.sequence)
    const issuerDer = hexOf(fields.bytes())
    fields.next(tag.sequence) // validity
    fields.next(tag.sequence)
    return { serialNumber, commonNames: commonNamesIn(fields), issuerDer }
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause
    throw new CertificateError(`not a readable X.509 certificate: ${cause.message}`, { cause })
  }
}

/** Of the Name that is the cursor's current element. Names of one attribute each RDN and in UTF-8 or ASCII are the rule. */
function commonNamesIn(name: DerCursor): string[] {
  const names: string[] = []
  const rdns = name.inside('Name')
  while (rdns.optional(tag.set)) {
    const rdn = rdns.inside('RelativeDistinguishedName')
    if (!rdn.optional(tag.sequence) || rdn.hasNext) return textsOf(readName(name.element()), '2.5.4.3', 'commonName')
    const attribute = rdn.inside('AttributeTypeAndValue')
    attribute.next(tag.oid)
    if (!isCommonName(attribute.contents())) continue
    const isPlain = attribute.optional(tag.utf8String) || attribute.optional(tag.printableString)
    const text = isPlain ? Buffer.from(attribute.contents()).toString('latin1') : undefined
    if (text === undefined || !/^[\x20-\x7e]*$/.test(text))
      return textsOf(readName(name.element()), '2.5.4.3', 'commonName')
    names.push(text)
  }
  rdns.finish()
  return names
}

/** 2.5.4.3 */
const isCommonName = ({ length, 0: a, 1: b, 2: c }: Uint8Array): boolean =>
  length === 3 && a === 0x55 && b === 0x04 && c === 0x03
