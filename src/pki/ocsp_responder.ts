import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Certificate, keyPurpose } from '../domain/certificate.ts'
import { publicKeyOf } from './certificate.ts'
import { expectTag, readDer, tag } from './der.ts'
import { hasBit, hexOf, oidOf } from './der_values.ts'
import { unknownCritical } from './extensions.ts'
import { readName, rfc4514Text } from './name.ts'
import { isSameName } from './name_match.ts'
import { type OcspRejection, rejected } from './ocsp_rejection.ts'
import type { BasicOcspResponse, ResponderId } from './ocsp_response.ts'
import { verifySignature } from './signature.ts'
import { readX509, type X509Structure } from './x509.ts'

/** Whose signature over a response counts (RFC 6960 4.2.2.2). */
export interface ResponderPolicy {
  readonly issuer: Certificate
  readonly at: Date
  readonly allowSha1: boolean
  /** Certificates whose keys the operator trusts to answer for this issuer; nothing but name and key is read in them. */
  readonly pinnedResponders?: readonly Certificate[] | undefined
  /**
   * A delegate whose certificate lacks id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1). Its own revocation is not asked here: `accept`,
   * the default, leaves the choice to the CA, which keeps such certificates short-lived; `refuse` insists on nocheck.
   */
  readonly delegateWithoutNocheck?: 'accept' | 'refuse' | undefined
}

/** A key that may answer for the issuer. */
export interface Responder {
  /** The subject, for people. */
  readonly name: string
  readonly key: KeyObject
  /** Until when it may; `undefined` for the issuer and for pinned keys, which are trusted as given. */
  readonly notAfter: Date | undefined
}

/**
 * What becomes of every certificate that ResponderID fits: a responder, or the reason why it is none. The issuer and the pinned
 * come first; the order of the embedded ones means nothing. Yields nothing when ResponderID fits none.
 */
export function* candidateResponders(
  { responderId, certificates }: BasicOcspResponse,
  policy: ResponderPolicy,
): Generator<Responder | OcspRejection> {
  for (const trusted of [policy.issuer, ...(policy.pinnedResponders ?? [])]) {
    if (!fits(responderId, readX509(trusted.der))) continue
    yield { name: trusted.subject, key: publicKeyOf(trusted), notAfter: undefined }
  }
  for (const element of certificates) {
    const certificate = orUndefined(() => readX509(element))
    if (certificate === undefined || !fits(responderId, certificate)) continue
    yield problemOfDelegate(certificate, policy) ?? delegate(certificate)
  }
}

function fits(responderId: ResponderId, { subject, publicKeyBits }: X509Structure): boolean {
  if ('byName' in responderId) return responderId.byName === hexOf(subject.bytes)
  return responderId.byKey === createHash('sha1').update(publicKeyBits).digest('hex')
}

function delegate({ subject, publicKeyInfo, notAfter }: X509Structure): Responder | OcspRejection {
  const key = orUndefined(() => delegateKey(publicKeyInfo))
  if (key === undefined) return rejected('signature_algorithm_unsupported', "the responder's key cannot be used")
  const name = orUndefined(() => rfc4514Text(readName(subject))) ?? `#${hexOf(subject.bytes)}`
  return { name, key, notAfter }
}

/** One delegate answers for all of an issuer's certificates, and OpenSSL takes longer to read its key than to verify with it. */
function delegateKey(publicKeyInfo: Uint8Array): KeyObject {
  const known = delegateKeys.get(hexOf(publicKeyInfo))
  if (known !== undefined) return known
  const key = createPublicKey({ key: Buffer.from(publicKeyInfo), format: 'der', type: 'spki' })
  delegateKeys.set(hexOf(publicKeyInfo), key)
  return key
}

/** By SubjectPublicKeyInfo; only of delegates that an issuer certified. */
const delegateKeys = new LRUCache<string, KeyObject>({ max: 256 })

/** One embedded certificate that cannot be read must not hide another that signed. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** RFC 6960 4.2.2.2: a delegate is certified by the issuer's own key, for this purpose, and within its time. */
function problemOfDelegate(certificate: X509Structure, policy: ResponderPolicy): OcspRejection | undefined {
  return (
    problemOfCertification(certificate, policy) ??
    problemOfExtensions(certificate, policy) ??
    problemOfValidity(certificate, policy.at)
  )
}

/** Signed by the issuer's key itself: neither an ancestor's nor that of a CA of the same name counts. */
function problemOfCertification(certificate: X509Structure, policy: ResponderPolicy): OcspRejection | undefined {
  if (!isSameName(hexOf(certificate.issuer.bytes), policy.issuer.subjectDer))
    return rejected('responder_not_authorized', "the responder's certificate names another issuer")
  const { signatureAlgorithm: algorithm, signature, signed } = certificate
  const verdict = verifySignature({ algorithm, signature, signed, key: publicKeyOf(policy.issuer) })
  switch (verdict) {
    case 'valid':
      return undefined
    case 'valid_sha1':
      return policy.allowSha1 ? undefined : rejected('signature_sha1', "on the responder's certificate")
    case 'invalid':
      return rejected('responder_not_authorized', "the issuer's key did not sign the responder's certificate")
    case 'unsupported_algorithm':
      return rejected('signature_algorithm_unsupported', "on the responder's certificate")
  }
}

const idKeyUsage = '2.5.29.15'
const idExtKeyUsage = '2.5.29.37'
const idPkixOcspNocheck = '1.3.6.1.5.5.7.48.1.5'

/** Those that are read here, and those that restrict nothing about signing an OCSP response. */
const understood: ReadonlySet<string> = new Set([
  ...[idKeyUsage, idExtKeyUsage, idPkixOcspNocheck],
  '2.5.29.19', // basicConstraints
  '2.5.29.17', // subjectAltName
  '2.5.29.32', // certificatePolicies
])

function problemOfExtensions({ extensions }: X509Structure, policy: ResponderPolicy): OcspRejection | undefined {
  const critical = unknownCritical(extensions, understood)
  if (critical !== undefined)
    return rejected('unknown_critical_extension', `${critical.oid} in the responder's certificate`)

  const keyUsage = extensions.get(idKeyUsage)
  if (keyUsage !== undefined && orUndefined(() => hasBit(readDer(keyUsage.value), 0)) !== true)
    return rejected('responder_purpose', 'keyUsage without digitalSignature')
  // anyExtendedKeyUsage is not enough: RFC 6960 4.2.2.2 asks for this very purpose.
  const extKeyUsage = extensions.get(idExtKeyUsage)
  const purposes = extKeyUsage && orUndefined(() => purposesIn(extKeyUsage.value))
  if (purposes?.includes(keyPurpose.ocspSigning) !== true)
    return rejected('responder_purpose', 'extKeyUsage without id-kp-OCSPSigning')

  if (policy.delegateWithoutNocheck === 'refuse' && !extensions.has(idPkixOcspNocheck))
    return rejected('responder_revocation_unchecked', "no id-pkix-ocsp-nocheck in the responder's certificate")
  return undefined
}

function purposesIn(extnValue: Uint8Array): string[] {
  return expectTag(readDer(extnValue), tag.sequence, 'ExtKeyUsageSyntax').children.map(oidOf)
}

function problemOfValidity({ notBefore, notAfter }: X509Structure, at: Date): OcspRejection | undefined {
  if (at >= notBefore && at <= notAfter) return undefined
  return rejected('responder_expired', `notBefore=${notBefore.toISOString()} notAfter=${notAfter.toISOString()}`)
}
