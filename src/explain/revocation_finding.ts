import { notRevoked, waiverOf } from '../domain/checks/revocation.ts'
import type { CertificateStatus, Evidence } from '../domain/evidence.ts'
import type { StepEvidence } from './explanation.ts'

/** What is known of one certificate that was asked about, beside its status. */
export interface RevocationFacts {
  /** The certificate's subject. */
  readonly subject: string
  /** The addresses to ask, in order. */
  readonly responders: readonly string[]
  /** What was done to find out, in words: who was asked, and what was wrong with what came. */
  readonly tried: readonly string[]
  /** Of the signed answer. */
  readonly nextUpdate: Date | undefined
  /** Who signed it; of a CRL, where it lies. */
  readonly saidBy: string | undefined
}

interface Found {
  readonly found: string
  readonly evidence: StepEvidence
}

/** What the issuer says of the leaf, and of the CAs above it where they are asked about, who said so, and until when it counts. */
export function revocationFinding(evidence: Evidence, facts: readonly RevocationFacts[]): Found {
  const { revocation } = evidence
  const leaf = wordsOf(revocation, facts[0])
  const issuers = (revocation.issuers ?? []).map(
    (status, index) => `${facts[index + 1]?.subject ?? 'a CA'}: ${wordsOf(status, facts[index + 1])}`,
  )
  const passed = notRevoked(evidence) === undefined
  const waived = passed && waiverOf(evidence) !== undefined ? ['the configuration lets it pass so'] : []
  return {
    found: [leaf, ...issuers, ...waived].join('; '),
    evidence: {
      ...factsOf(revocation, facts[0]),
      ...(issuers.length === 0 ? {} : { issuers }),
    },
  }
}

function wordsOf(status: CertificateStatus, facts: RevocationFacts | undefined): string {
  switch (status.status) {
    case 'good':
    case 'unknown':
      return `${status.status}, ${sourceOf(status, facts)}`
    case 'revoked': {
      const { reason, revokedAt } = status
      return `revoked since ${revokedAt?.toISOString() ?? 'an unknown time'} (${reason ?? 'no reason given'}), ${sourceOf(status, facts)}`
    }
    case 'unavailable':
      return `no answer: ${status.cause}${status.lastRevoked ? '; the last known one said revoked' : ''}`
    case 'no_source':
      return 'the certificate names no responder'
    case 'not_asked':
      return 'nobody was asked: the certificate is not registered'
  }
}

type Answered = Extract<CertificateStatus, { tier: unknown }>

const tierWords: Readonly<Record<Answered['tier'], string>> = {
  memory: 'found in memory',
  redis: 'found in Redis',
  responder: 'asked just now',
}

function sourceOf({ source, tier, thisUpdate, usableUntil }: Answered, facts: RevocationFacts | undefined): string {
  const said = facts?.saidBy === undefined ? `said by ${source}` : `said by ${facts.saidBy}`
  const until = facts?.nextUpdate?.toISOString() ?? 'no nextUpdate'
  return `${said} (${source}, ${tierWords[tier]}), thisUpdate ${thisUpdate.toISOString()} to nextUpdate ${until}, used until ${usableUntil.toISOString()}`
}

function factsOf(status: CertificateStatus, facts: RevocationFacts | undefined): StepEvidence {
  const known = {
    status: status.status,
    responders: facts === undefined ? undefined : [...facts.responders],
    tried: facts === undefined ? undefined : [...facts.tried],
    ...('tier' in status
      ? {
          source: status.source,
          tier: status.tier,
          saidBy: facts?.saidBy,
          thisUpdate: status.thisUpdate.toISOString(),
          nextUpdate: facts?.nextUpdate?.toISOString(),
          usableUntil: status.usableUntil.toISOString(),
        }
      : {}),
  }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as StepEvidence
}
