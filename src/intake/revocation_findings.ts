import type { CertificateStatus, RevocationStatus } from '../domain/evidence.ts'
import { placeOf } from './certificate_rules.ts'
import type { PlacedCertificate } from './chain_file.ts'
import { finding, type Place } from './chain_problems.ts'
import type { ChainFinding } from './chain_report.ts'

interface RevocationFindings {
  readonly problems: readonly ChainFinding[]
  readonly warnings: readonly ChainFinding[]
}

/** What the answer about a chain means: the leaf's status, and those of the CAs above where they were asked about too. */
export function findingsOfRevocation(
  status: RevocationStatus,
  chain: readonly PlacedCertificate[],
): RevocationFindings {
  const statuses = [status, ...(status.issuers ?? [])]
  const found = statuses.flatMap((each, i) => {
    const placed = chain[i]
    return placed === undefined ? [] : [findingsOf(each, placeOf(placed))]
  })
  return {
    problems: found.flatMap(({ problems }) => problems),
    warnings: found.flatMap(({ warnings }) => warnings),
  }
}

/** No answer is a warning only: what holds then is decided anew for every request. Whoever names no responder is warned of already. */
function findingsOf(status: CertificateStatus, place: Place): RevocationFindings {
  switch (status.status) {
    case 'revoked': {
      const when = status.revokedAt === undefined ? '' : ` on ${status.revokedAt.toISOString()}`
      return { problems: [finding('revoked', place, { when })], warnings: [] }
    }
    case 'unknown':
      return { problems: [finding('revocation_unknown', place, {})], warnings: [] }
    case 'unavailable': {
      if (status.lastRevoked) return { problems: [finding('revoked', place, { when: '' })], warnings: [] }
      return { problems: [], warnings: [finding('revocation_unavailable', place, { cause: status.cause })] }
    }
    case 'good':
    case 'no_source':
    case 'not_asked':
      return { problems: [], warnings: [] }
  }
}
