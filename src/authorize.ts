import { channel } from './domain/checks/channel.ts'
import { deny } from './domain/decision.ts'
import type { Evidence } from './domain/evidence.ts'
import { judge } from './domain/judge.ts'
import { type Judgement, refused } from './domain/judgement.ts'
import type { Rules } from './domain/policy.ts'
import type { AuthRequest } from './domain/request.ts'
import { gather } from './gather.ts'
import type { Ports } from './ports.ts'
import { tryOut } from './try_it.ts'

/** What is looked at before any evidence is gathered, in order, and the one refusal that each can end in. */
export const preliminaries = [
  { name: 'policy_known', code: 'policy_unknown' },
  { name: 'hostname', code: 'wrong_hostname' },
  { name: 'registry_read', code: 'registry_unavailable' },
] as const
export type PreliminaryName = (typeof preliminaries)[number]['name']

/**
 * Decides about one request: policy, channel, identify, gather, judge. Synchronous where all evidence is at hand, so that a
 * remembered caller waits for nothing.
 */
export function authorize(request: AuthRequest, rules: Rules, ports: Ports): Judgement | Promise<Judgement> {
  const policy = request.policy === undefined ? undefined : rules.policies.get(request.policy)
  if (policy === undefined) return refused(deny('policy_unknown', { detail: `policy=${request.policy ?? 'none'}` }))

  const misdirected = channel({ request, policy, hostnames: rules.hostnames })
  if (misdirected !== undefined) return refused(misdirected)
  if (policy.channel === 'try') return tryOut(request, policy, rules, ports)

  const devApps = ports.registry.snapshot()
  if (devApps === undefined) return refused(deny('registry_unavailable', { detail: 'nothing was read yet' }))

  const evidence = gather(request, policy, rules, devApps, ports)
  return evidence instanceof Promise ? evidence.then(judged) : judged(evidence)
}

function judged(evidence: Evidence): Judgement {
  return { decision: judge(evidence), evidence }
}
