import type { Metrics } from './metrics.ts'

/** What is counted of one decision. */
export interface CountedDecision {
  readonly code: string
  /** Whether it was let pass, in spite of the code. */
  readonly shadow: true | undefined
  /** As the route names it. */
  readonly policy: string | undefined
  /** `undefined` where the policy is none of the configuration. */
  readonly channel: 'mtls' | 'tls' | 'try' | undefined
  readonly ms: number
}

/** Counts a decision. What the request said that is no policy of ours makes no label of its own. */
export function countDecision(metrics: Metrics, { code, shadow, policy, channel, ms }: CountedDecision): void {
  const known = channel === undefined ? { policy: 'none', channel: 'none' } : { policy: policy ?? 'none', channel }
  metrics.count('decisions_total', { policy: known.policy, code: shadow ? 'allow' : code, channel: known.channel })
  if (shadow) metrics.count('shadow_denials_total', { policy: known.policy, code })
  metrics.observe('check_duration_seconds', { channel: known.channel }, ms / 1_000)
}
