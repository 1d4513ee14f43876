/** Why a CRL says nothing about a certificate, in the order of the checks. */
export const crlRejections = {
  malformed: 'The bytes are not a CRL in strict DER.',
  issuer_mismatch: 'The CRL is of another issuer, or the certificate is.',
  issuer_purpose: "The issuer's certificate is not for signing CRLs.",
  signature_algorithm_unsupported: 'The signature is of an algorithm that is not supported.',
  signature_invalid: "The CRL's signature does not hold.",
  signature_sha1: 'The signature holds, but rests on SHA-1, which is not allowed.',
  delta: 'The CRL is a delta CRL: it lists changes only.',
  unknown_critical_extension: 'The CRL or one of its entries carries a critical extension that is not understood.',
  indirect: 'The CRL is indirect: it lists certificates of other issuers too.',
  some_reasons: 'The CRL lists certificates revoked for some reasons only.',
  attribute_certificates: 'The CRL lists attribute certificates only.',
  scope_not_understood: 'The CRL names its distribution point in a way that is not understood.',
  next_update_before_this_update: 'The CRL says that newer information came before it.',
  not_yet_valid: "The CRL's thisUpdate lies in the future.",
  expired: "The CRL's nextUpdate has passed.",
  too_old: 'The CRL has no usable nextUpdate and is older than the maximum age.',
  other_certificates:
    "The CRL is about CA certificates only, or about end entities' only, and this one is not of them.",
  distribution_point_mismatch: 'The CRL is of a distribution point that the certificate does not name.',
} as const

export type CrlRejectionCode = keyof typeof crlRejections

export interface CrlRejection {
  readonly status: 'rejected'
  readonly code: CrlRejectionCode
  /** For the log. */
  readonly detail: string
}

export function crlRejected(code: CrlRejectionCode, detail: string): CrlRejection {
  return { status: 'rejected', code, detail }
}
