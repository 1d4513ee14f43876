import type { Rules } from '../domain/policy.ts'
import { policiesInShadow } from '../domain/shadow.ts'
import { json, type Route } from '../http/route.ts'
import type { WouldDenyCount } from '../ops/would_deny_count.ts'
import type { Clock } from '../ports.ts'

/** Which policies are in shadow mode now, and what they would have refused since the service started. */
export function shadowRoutes(rules: () => Rules, wouldDeny: WouldDenyCount, clock: Clock): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/shadow',
      answer: () => {
        const policies = policiesInShadow(rules(), clock()).map(({ policy, until }) => ({
          policy,
          until: until ?? null,
        }))
        return json({ policies, would_deny: wouldDeny.counts })
      },
    },
  ]
}
