import { type Deny, deny } from '../decision.ts'
import type { RevocationStatus } from '../evidence.ts'
import type { Policy } from '../policy.ts'
import type { Check } from './check.ts'

/** The issuer says good. What it does not say is never good: the policy may let it pass, by its own name. */
export const notRevoked: Check = ({ revocation, policy }) =>
  policy.require.has('certificate') ? denialByStatus(revocation, policy) : undefined

function denialByStatus(revocation: RevocationStatus, policy: Policy): Deny | undefined {
  switch (revocation.status) {
    case 'good':
      return undefined
    case 'revoked':
      return deny(revocation.reason === 'certificateHold' ? 'cert_on_hold' : 'cert_revoked', {
        detail: `reason=${revocation.reason ?? 'unspecified'} since=${revocation.revokedAt?.toISOString() ?? 'unknown'}`,
      })
    case 'unknown':
      return deny('cert_status_unknown')
    case 'no_source':
      return policy.onNoSource === 'allow' ? undefined : deny('revocation_no_source')
    case 'unavailable':
      return policy.onUnavailable === 'allow' && !revocation.lastRevoked
        ? undefined
        : deny('revocation_unavailable', { detail: revocation.cause })
    case 'not_asked':
      return deny('revocation_unavailable', { detail: 'not asked: no registered certificate' })
  }
}
