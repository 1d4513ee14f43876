import { type Deny, deny } from '../decision.ts'
import type { CertificateStatus, Evidence } from '../evidence.ts'
import type { Policy } from '../policy.ts'
import type { Check } from './check.ts'

/** A refusal that the configuration may waive. */
export type Waiver = 'revocation_unavailable' | 'revocation_no_source'

/**
 * The issuer says good, and so do those of its CAs that are asked about. What is not said is never good: it may be let pass,
 * by its own name.
 */
export const notRevoked: Check = ({ revocation, policy, identity: { binding } }) => {
  if (!policy.require.has('certificate')) return undefined
  const leaf = denialOf(revocation, policy)
  if (revocation.issuers === undefined) return leaf
  const chain = binding.status === 'registered' ? binding.certificate.chain : []
  const ofIssuers = revocation.issuers.map((status, index) => denialOf(status, policy, chain[index]?.subject ?? ''))
  const denials = [leaf, ...ofIssuers].filter((denial) => denial !== undefined)
  // What trying again does not change goes before what it may.
  return denials.find(({ code }) => code !== 'revocation_unavailable') ?? denials[0]
}

/** Why an allowed request passed without an answer that says good; `undefined` where it had one, or needed none. */
export function waiverOf({ revocation, policy }: Evidence): Waiver | undefined {
  if (!policy.require.has('certificate')) return undefined
  const statuses = [revocation, ...(revocation.issuers ?? [])].map(({ status }) => status)
  if (statuses.includes('unavailable')) return 'revocation_unavailable'
  return statuses.includes('no_source') ? 'revocation_no_source' : undefined
}

/** `ca` is the subject of the CA whose status it is; absent for the leaf. */
function denialOf(revocation: CertificateStatus, policy: Policy, ca?: string): Deny | undefined {
  const detail = (words?: string): { readonly detail?: string } => {
    const parts = [...(ca === undefined ? [] : [`ca=${ca}`]), ...(words === undefined ? [] : [words])]
    return parts.length === 0 ? {} : { detail: parts.join(' ') }
  }
  switch (revocation.status) {
    case 'good':
      return undefined
    case 'revoked': {
      const { reason, revokedAt } = revocation
      const said = detail(`reason=${reason ?? 'unspecified'} since=${revokedAt?.toISOString() ?? 'unknown'}`)
      if (ca !== undefined) return deny('issuer_revoked', said)
      return deny(reason === 'certificateHold' ? 'cert_on_hold' : 'cert_revoked', said)
    }
    case 'unknown':
      return deny('cert_status_unknown', detail())
    case 'no_source':
      return passes(policy.onNoSource, revocation.tolerated) ? undefined : deny('revocation_no_source', detail())
    case 'unavailable':
      return passes(policy.onUnavailable, revocation.tolerated) && !revocation.lastRevoked
        ? undefined
        : deny('revocation_unavailable', detail(revocation.cause))
    case 'not_asked':
      return deny('revocation_unavailable', detail('not asked: no registered certificate'))
  }
}

/** The policy's word goes before what the configuration says of the issuer, and of all; without any, nothing passes. */
const passes = (policy: 'deny' | 'allow' | undefined, tolerated = false): boolean =>
  policy === undefined ? tolerated : policy === 'allow'
