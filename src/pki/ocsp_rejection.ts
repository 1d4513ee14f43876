/** Why an OCSP response is no answer, in the order of the checks. */
export const ocspRejections = {
  malformed: 'The bytes are not an OCSP response in strict DER of at most 64 KiB.',
  not_successful: 'The responder returned an error. Errors are unsigned: they say nothing about the certificate.',
  response_type_unknown: 'The response is not of the type id-pkix-ocsp-basic.',
  issuer_mismatch: 'The certificate names another issuer than the one given.',
  cert_id_mismatch:
    'No part of the response is about this certificate: issuer name, issuer key or serial number differ.',
  responder_not_authorized: 'The responder is not the issuer, not pinned, and not certified by the issuer itself.',
  unknown_critical_extension:
    "The response or its responder's certificate carries a critical extension that is not understood.",
  responder_purpose: "The responder's certificate is not for signing OCSP responses.",
  responder_expired: "The responder's certificate is expired or not yet valid.",
  responder_revocation_unchecked:
    "The responder's certificate lacks id-pkix-ocsp-nocheck, and the policy insists on it.",
  signature_algorithm_unsupported: 'A signature is of an algorithm that is not supported.',
  signature_invalid: "The response's signature does not hold.",
  signature_sha1: 'A signature holds, but rests on SHA-1, which is not allowed.',
  nonce_missing: 'The response does not repeat the nonce that was sent, and the policy insists on it.',
  nonce_mismatch: 'The response carries another nonce than the one that was sent.',
  next_update_before_this_update: 'The response says that newer information came before it.',
  not_yet_valid: "The response's thisUpdate lies in the future.",
  expired: "The response's nextUpdate has passed.",
  too_old: 'The response has no usable nextUpdate and is older than the maximum age.',
} as const

export type OcspRejectionCode = keyof typeof ocspRejections

export interface OcspRejection {
  readonly status: 'rejected'
  readonly code: OcspRejectionCode
  /** For the log. With `not_successful` it is the responseStatus: `tryLater`, `malformedRequest`. */
  readonly detail: string
}

export function rejected(code: OcspRejectionCode, detail: string): OcspRejection {
  return { status: 'rejected', code, detail }
}

/** The rejection by the later check: of several attempts, the one that came furthest; the last one where they are even. */
export function furthest(one: OcspRejection, other: OcspRejection): OcspRejection {
  return codes.indexOf(other.code) >= codes.indexOf(one.code) ? other : one
}

const codes = Object.keys(ocspRejections)
