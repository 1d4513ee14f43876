import { channel } from './domain/checks/channel.ts'
import { type Decision, type Deny, deny } from './domain/decision.ts'
import type { Evidence, RevocationStatus } from './domain/evidence.ts'
import { identify, type RegisteredDevApps } from './domain/identify.ts'
import { judge } from './domain/judge.ts'
import type { Policy, Rules } from './domain/policy.ts'
import type { AuthRequest } from './domain/request.ts'
import { isInShadow } from './domain/shadow.ts'
import type { Ports } from './ports.ts'

/** What is looked at before any evidence is gathered, in order, and the one refusal that each can end in. */
export const preliminaries = [
  { name: 'policy_known', code: 'policy_unknown' },
  { name: 'hostname', code: 'wrong_hostname' },
  { name: 'registry_read', code: 'registry_unavailable' },
] as const
export type PreliminaryName = (typeof preliminaries)[number]['name']

export interface Judgement {
  readonly decision: Decision
  /** What the decision rests on; `undefined` where it fell before anything was gathered. */
  readonly evidence: Evidence | undefined
}

/**
 * Decides about one request: policy, channel, identify, gather, judge. Synchronous where all evidence is at hand, so that a
 * remembered caller waits for nothing.
 */
export function authorize(request: AuthRequest, rules: Rules, ports: Ports): Judgement | Promise<Judgement> {
  const policy = request.policy === undefined ? undefined : rules.policies.get(request.policy)
  if (policy === undefined) return refused(deny('policy_unknown', { detail: `policy=${request.policy ?? 'none'}` }))

  const misdirected = channel({ request, policy, hostnames: rules.hostnames })
  if (misdirected !== undefined) return refused(misdirected)

  const devApps = ports.registry.snapshot()
  if (devApps === undefined) return refused(deny('registry_unavailable', { detail: 'nothing was read yet' }))

  const evidence = gather(request, policy, rules, devApps, ports)
  return evidence instanceof Promise ? evidence.then(judged) : judged(evidence)
}

/** Identifies the caller, then asks: only a registered certificate makes the service ask a responder. */
function gather(
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

function judged(evidence: Evidence): Judgement {
  return { decision: judge(evidence), evidence }
}

/** A refusal that fell before any evidence was gathered. */
export function refused(decision: Deny): Judgement {
  return { decision, evidence: undefined }
}
