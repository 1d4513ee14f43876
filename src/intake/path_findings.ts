import type { PathProblem, PathProblemCode } from '../pki/path_problem.ts'
import { validatePath } from '../pki/path_validation.ts'
import { placeOf } from './certificate_rules.ts'
import type { Part } from './chain_order.ts'
import { type ChainProblemCode, finding, type Place } from './chain_problems.ts'
import type { ChainFinding } from './chain_report.ts'

/** What RFC 5280 section 6 finds wrong with a part of a chain, in the words of the catalogue. */
export function problemsOfPath(part: Part, at: Date): readonly ChainFinding[] {
  const certificates = part.map(({ certificate }) => certificate)
  return validatePath(certificates, at).map((problem) => {
    const placed = part[problem.index] ?? part[0]
    const issuer = part[problem.index + 1] ?? placed
    return findingOf(problem, placeOf(placed), issuer.certificate.subject)
  })
}

function findingOf({ code, detail }: PathProblem, place: Place, issuer: string): ChainFinding {
  switch (code) {
    case 'not_yet_valid':
      return finding(code, place, { notBefore: detail })
    case 'expired':
      return finding(code, place, { notAfter: detail })
    case 'certificate_repeated':
      return finding(code, place, { first: String(Number(detail) + 1) })
    case 'issuer_mismatch':
      return finding('missing_intermediate', place, { issuer: detail })
    case 'signature_invalid':
      return finding(code, place, { issuer })
    case 'key_identifier_mismatch':
      return finding(code, place, { issuer: detail })
    case 'signature_weak':
      return finding(code, place, { algorithm: detail })
    case 'version':
      return finding('version_too_old', place, { version: detail })
    case 'name_not_permitted':
    case 'name_excluded':
    case 'name_unprocessable':
      return finding(code, place, { name: detail })
    case 'critical_extension':
      return finding('critical_extension_unknown', place, { oid: detail })
    case 'extension_malformed':
      return finding(code, place, { reason: detail })
    default:
      return finding(plain[code], place, {})
  }
}

/** Those that say all they have to say. */
const plain = {
  signature_unsupported: 'signature_unsupported',
  policy_missing: 'policy_missing',
  subject_empty: 'subject_empty',
  not_ca: 'not_ca',
  path_length: 'path_too_long',
  key_cert_sign: 'key_cert_sign_missing',
} as const satisfies Partial<Record<PathProblemCode, ChainProblemCode>>
