/** Why a certification path is not valid. */
export interface PathProblem {
  readonly code: PathProblemCode
  /** Of the certificate that it is about: 0 is the leaf. */
  readonly index: number
  /** The values that tell it from others of its code, for a log or a message. */
  readonly detail: string
}

/** The clauses of RFC 5280 that a path can break. A closed set. */
export const pathProblems = {
  certificate_repeated: '6.1: no certificate stands twice in a path',
  version: '6.1.4 (k): a CA has a certificate of version 3',
  not_yet_valid: '6.1.3 (a)(2)',
  expired: '6.1.3 (a)(2)',
  issuer_mismatch: '6.1.3 (a)(4): the issuer is the subject of the certificate above',
  signature_invalid: '6.1.3 (a)(1)',
  signature_unsupported: '6.1.3 (a)(1): an algorithm that is not known here',
  key_identifier_mismatch: '4.2.1.2: the identifier of the key above is the one that the certificate names',
  signature_weak: '6.1.3 (a)(1): an algorithm with which others can sign too: SHA-1, MD5 or MD2',
  name_not_permitted: '6.1.3 (b)',
  name_excluded: '6.1.3 (c)',
  name_unprocessable: '4.2.1.10: a name that the constraints are about, and that cannot be compared',
  policy_missing: '6.1.3 (f) and 6.1.5 (g): a policy is required, and none is valid down the path',
  subject_empty: '4.1.2.6: a CA has a name',
  not_ca: '6.1.4 (k)',
  path_length: '6.1.4 (l)',
  key_cert_sign: '6.1.4 (n)',
  critical_extension: '6.1.4 (o) and 6.1.5 (f)',
  extension_malformed: '4.2.1: an extension that cannot be read',
} as const

export type PathProblemCode = keyof typeof pathProblems
