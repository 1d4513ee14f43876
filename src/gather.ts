import type { Evidence, RevocationStatus } from './domain/evidence.ts'
import { identify, type RegisteredDevApps } from './domain/identify.ts'
import type { Policy, Rules } from './domain/policy.ts'
import type { AuthRequest } from './domain/request.ts'
import { isInShadow } from './domain/shadow.ts'
import type { Ports } from './ports.ts'

/** Identifies the caller, then asks: only a registered certificate makes the service ask a responder. */
export function gather(
  request: AuthRequest,
  policy: Policy,
  rules: Rules,
  devApps: RegisteredDevApps,
  ports: Ports,
): Evidence | Promise<Evidence> {
  const now = ports.clock()
  const identity = identify(request, policy, devApps)
  const { binding } = identity
  const registered = binding.status === 'registered' ? binding.certificate : undefined
  const known = {
    ...{ now, request, policy, hostnames: rules.hostnames, identity },
    shadow: isInShadow(policy, rules, now),
    qtspAccepted: registered !== undefined && policy.psd2 !== undefined && ports.qtsps.accepts(registered.chain[0]),
    withdrawnRoles: ports.withdrawals.rolesOf(registered?.leaf.organizationIdentifier ?? ''),
  }
  const revocation: RevocationStatus | Promise<RevocationStatus> =
    registered === undefined ? { status: 'not_asked' } : ports.revocation.statusOf(registered, now)
  const secret =
    policy.require.has('basic') && request.basic.status === 'presented'
      ? ports.secrets.verify(devApps.byClientKey(request.basic.clientKey), request.basic.clientSecret, now)
      : false

  if (secret instanceof Promise || revocation instanceof Promise) {
    return Promise.all([secret, revocation]).then(([secretVerified, revocation]) => ({
      ...known,
      secretVerified,
      revocation,
    }))
  }
  return { ...known, secretVerified: secret, revocation }
}
