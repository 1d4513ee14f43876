import type { Metrics } from './metrics.ts'

/** What is counted of one decision. */
export interface CountedDecision {
  readonly code: string
  /** As the route names it. */
  readonly policy: string | undefined
  /** `undefined` where the policy is none of the configuration. */
  readonly channel: 'mtls' | 'tls' | undefined
  readonly ms: number
}

/** Counts a decision. What the request said that is no policy of ours makes no label of its own. */
export function countDecision(metrics: Metrics, { code, policy, channel, ms }: CountedDecision): void {
  const known = channel === undefined ? { policy: 'none', channel: 'none' } : { policy: policy ?? 'none', channel }
  metrics.count('decisions_total', { policy: known.policy, code, channel: known.channel })
  metrics.observe('check_duration_seconds', { channel: known.channel }, ms / 1_000)
}
