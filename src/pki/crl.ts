import { type Der, DerError, explicitValue, tag } from './der.ts'
import { DerCursor } from './der_cursor.ts'
import { certificateTimeOf, hexOf, smallNumberOf, wholeOctetsOf } from './der_values.ts'
import { type Extensions, noExtensions, readExtensions } from './extensions.ts'
import { readName } from './name.ts'

/** A CertificateList (RFC 5280 5.1). Nothing in it is verified yet, and its entries are not read. */
export interface CertificateList {
  /** The tbsCertList in DER: what is signed. */
  readonly signed: Uint8Array
  readonly signatureAlgorithm: Der
  readonly signature: Uint8Array
  readonly version: 1 | 2
  /** The Name in DER, lower-case hex. */
  readonly issuerDer: string
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  /** The contents octets of revokedCertificates: its entries, one after another. Empty where nothing is revoked. */
  readonly revokedCertificates: Uint8Array
  readonly extensions: Extensions
}

/**
 * Reads a CRL of any size, except for its entries, in memory that does not grow with it; parts are views of `der`. Throws
 * DerError on what is not strict DER or not that structure.
 */
export function readCrl(der: Uint8Array): CertificateList {
  const whole = new DerCursor(der, 'CRL')
  whole.next(tag.sequence)
  whole.finish()

  const fields = whole.inside('CertificateList')
  fields.next(tag.sequence)
  const signed = fields.bytes()
  const tbs = fields.inside('TBSCertList')
  fields.next(tag.sequence)
  const signatureAlgorithm = fields.element()
  fields.next(tag.bitString)
  const signature = wholeOctetsOf(fields.element())
  fields.finish()
  return { signed, signatureAlgorithm, signature, ...readTbsCertList(tbs, signatureAlgorithm) }
}

function readTbsCertList(fields: DerCursor, signatureAlgorithm: Der) {
  const saidVersion = fields.optional(tag.integer) ? smallNumberOf(fields.element()) + 1 : undefined
  fields.next(tag.sequence)
  // RFC 5280 5.1.1.2: the algorithm outside the signature repeats the one inside.
  if (Buffer.compare(fields.bytes(), signatureAlgorithm.bytes) !== 0)
    throw new DerError('CertificateList: the two signature algorithms differ')
  fields.next(tag.sequence)
  const issuer = fields.element()
  readName(issuer)
  const thisUpdate = timeIn(fields)
  if (thisUpdate === undefined) throw new DerError('TBSCertList: no thisUpdate')
  const nextUpdate = timeIn(fields)
  const revokedCertificates = fields.optional(tag.sequence) ? fields.contents() : new Uint8Array()
  const extensions = fields.optional(tag.context(0)) ? readExtensions(explicitValue(fields.element())) : noExtensions
  fields.finish()
  return {
    version: versionOf(saidVersion, extensions),
    issuerDer: hexOf(issuer.bytes),
    thisUpdate,
    nextUpdate,
    revokedCertificates,
    extensions,
  }
}

function timeIn(fields: DerCursor): Date | undefined {
  if (!fields.optional(tag.utcTime) && !fields.optional(tag.generalizedTime)) return undefined
  return certificateTimeOf(fields.element())
}

/** RFC 5280 5.1.2.1: 2 where it is said; where it is not, 1, which has no extensions. */
function versionOf(said: number | undefined, extensions: Extensions): 1 | 2 {
  if (said === 2) return 2
  if (said !== undefined || extensions.size > 0) throw new DerError(`TBSCertList: version ${said ?? 1}`)
  return 1
}
