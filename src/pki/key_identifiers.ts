import { expectTag, Fields, readDer, tag } from './der.ts'
import { hexOf, octetStringOf } from './der_values.ts'
import type { Extensions } from './extensions.ts'
import type { X509Structure } from './x509.ts'

/** Which of an issuer's certificates a certificate says it was issued under, and what others say of its own key; hex. */
export interface KeyIdentifiers {
  readonly own: string | undefined
  readonly issuerKey: string | undefined
  /** Of the issuer's certificate. */
  readonly issuerSerialNumber: string | undefined
}

const subjectKeyIdentifier = '2.5.29.14'
const authorityKeyIdentifier = '2.5.29.35'

/** RFC 5280 4.2.1.1 and 4.2.1.2. Throws DerError where one of the two has another structure. */
export function readKeyIdentifiers(extensions: Extensions): KeyIdentifiers {
  const subject = extensions.get(subjectKeyIdentifier)?.value
  const authority = extensions.get(authorityKeyIdentifier)?.value
  const own = subject && hexOf(octetStringOf(readDer(subject)))
  if (authority === undefined) return { own, issuerKey: undefined, issuerSerialNumber: undefined }
  const fields = new Fields(
    expectTag(readDer(authority), tag.sequence, 'AuthorityKeyIdentifier'),
    'AuthorityKeyIdentifier',
  )
  const key = fields.optional(tag.contextPrimitive(0))
  fields.optional(tag.context(1)) // authorityCertIssuer
  const serialNumber = fields.optional(tag.contextPrimitive(2))
  fields.end()
  return {
    own,
    issuerKey: key && hexOf(key.contents),
    issuerSerialNumber: serialNumber && hexOf(serialNumber.contents),
  }
}

/**
 * Whether the identifiers of a certificate fit its issuer's, as far as both have them. RFC 5280 asks CAs for that (4.2.1.2) and
 * validation does not need it; yet OpenSSL and Envoy's BoringSSL pass over an issuer that does not fit, and then have none.
 */
export function fitIssuer(
  certificate: KeyIdentifiers,
  issuer: KeyIdentifiers,
  { serialNumber }: X509Structure,
): boolean {
  const { issuerKey, issuerSerialNumber } = certificate
  if (issuerKey !== undefined && issuer.own !== undefined && issuerKey !== issuer.own) return false
  return issuerSerialNumber === undefined || issuerSerialNumber === serialNumber
}
