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
  // Written out: to spread objects into others would cost as much as all checks together.
  const known = {
    now,
    request,
    policy,
    hostnames: rules.hostnames,
    identity,
    shadow: isInShadow(policy, rules, now),
    qtspAccepted: registered !== undefined && policy.psd2 !== undefined && ports.qtsps.accepts(registered.chain[0]),
    withdrawnRoles: ports.withdrawals.rolesOf(registered?.leaf.organizationIdentifier ?? ''),
  }
  const revocation: RevocationStatus | Promise<RevocationStatus> =
    registered === undefined ? { status: 'not_asked' } : ports.revocation.statusOf(registered, now)
  const secret = policy.require.has('basic') ? secretFinding(request, devApps, ports, now) : noSecret

  if (secret instanceof Promise || revocation instanceof Promise) {
    return Promise.all([secret, revocation]).then(([secret, revocation]) => ({ ...known, ...secret, revocation }))
  }
  return Object.assign(known, { secretVerified: secret.secretVerified, secretLock: secret.secretLock, revocation })
}

type SecretFinding = Pick<Evidence, 'secretVerified' | 'secretLock'>

const noSecret: SecretFinding = { secretVerified: false, secretLock: undefined }

/** Looks at the secret of Basic, unless too many were wrong before. */
function secretFinding(
  { basic, source = '' }: AuthRequest,
  devApps: RegisteredDevApps,
  { attempts, secrets }: Ports,
  now: Date,
): SecretFinding | Promise<SecretFinding> {
  if (basic.status !== 'presented') return noSecret
  const attempt = { clientKey: basic.clientKey, source }
  const secretLock = attempts.lockOf(attempt, now)
  if (secretLock !== undefined) return { secretVerified: false, secretLock }
  const devApp = devApps.byClientKey(basic.clientKey)
  const counted = (right: boolean): SecretFinding => {
    if (right) attempts.succeeded(attempt, now)
    else attempts.failed(attempt, devApp?.id, now)
    return { secretVerified: right, secretLock: undefined }
  }
  const right = secrets.verify(devApp, basic.clientSecret, now)
  if (!(right instanceof Promise)) return counted(right)
  // Meanwhile others may have failed: who guesses many at once learns no more than one after another.
  return right.then((right) => {
    const secretLock = attempts.lockOf(attempt, now)
    return secretLock === undefined ? counted(right) : { secretVerified: false, secretLock }
  })
}
