import { type Der, DerError, explicitValue, Fields, readDer, tag } from './der.ts'
import { certificateTimeOf, integerHexOf, smallNumberOf, wholeOctetsOf } from './der_values.ts'
import type { Extensions } from './extensions.ts'
import { noExtensions, readExtensions } from './extensions.ts'

/** A certificate as RFC 5280 4.1 lays it out; parts that are compared or hashed stay bytes. */
export interface X509Structure {
  /** 1 to 3. */
  readonly version: number
  /** The tbsCertificate: what is signed. */
  readonly signed: Uint8Array
  readonly signatureAlgorithm: Der
  readonly signature: Uint8Array
  /** Contents octets, hex. */
  readonly serialNumber: string
  readonly issuer: Der
  readonly notBefore: Date
  readonly notAfter: Date
  readonly subject: Der
  /** SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array
  /** The BIT STRING's octets: what OCSP's key hashes are made over (RFC 6960 4.1.1). */
  readonly publicKeyBits: Uint8Array
  readonly extensions: Extensions
}

/** Reads a certificate in DER, or one that is already an element. Throws DerError on what RFC 5280 4.1 does not allow. */
export function readX509(certificate: Uint8Array | Der): X509Structure {
  const outer = new Fields(certificate instanceof Uint8Array ? readDer(certificate) : certificate, 'Certificate')
  const tbs = outer.next(tag.sequence)
  const signatureAlgorithm = outer.next(tag.sequence)
  const signature = wholeOctetsOf(outer.next(tag.bitString))
  outer.end()

  const fields = new Fields(tbs, 'TBSCertificate')
  const version = fields.optional(tag.context(0))
  const serialNumber = integerHexOf(fields.next(tag.integer))
  const innerAlgorithm = fields.next(tag.sequence)
  // RFC 5280 4.1.1.2: the algorithm outside the signature repeats the one inside.
  if (Buffer.compare(innerAlgorithm.bytes, signatureAlgorithm.bytes) !== 0)
    throw new DerError('Certificate: the two signature algorithms differ')
  const issuer = fields.next(tag.sequence)
  const validity = new Fields(fields.next(tag.sequence), 'Validity')
  const notBefore = certificateTimeOf(validity.any())
  const notAfter = certificateTimeOf(validity.any())
  validity.end()
  const subject = fields.next(tag.sequence)
  const publicKeyInfo = fields.next(tag.sequence)
  fields.optional(tag.contextPrimitive(1)) // issuerUniqueID
  fields.optional(tag.contextPrimitive(2)) // subjectUniqueID
  const extensions = fields.optional(tag.context(3))
  fields.end()

  return {
    version: versionOf(version, extensions),
    signed: tbs.bytes,
    signatureAlgorithm,
    signature,
    serialNumber,
    issuer,
    notBefore,
    notAfter,
    subject,
    publicKeyInfo: publicKeyInfo.bytes,
    publicKeyBits: wholeOctetsOf(publicKeyInfo.children[1]),
    extensions: extensions === undefined ? noExtensions : readExtensions(explicitValue(extensions)),
  }
}

/** RFC 5280 4.1.2.1: 1, when it is not said, to 3; and 4.1.2.9: extensions are of version 3 only. */
function versionOf(element: Der | undefined, extensions: Der | undefined): number {
  const version = element === undefined ? 1 : smallNumberOf(explicitValue(element)) + 1
  if (version > 3 || (extensions !== undefined && version < 3)) throw new DerError(`Certificate: version ${version}`)
  return version
}
