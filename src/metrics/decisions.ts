import type { Channel } from '../domain/policy.ts'
import type { Metrics } from './metrics.ts'

/** What is counted of one decision. */
export interface CountedDecision {
  readonly code: string
  /** Of the configuration; `undefined` where the request named none of it. */
  readonly policy: string | undefined
  readonly channel: Channel | undefined
  readonly ms: number
}

/** Counts a decision. What the request said that is no policy of ours makes no label of its own. */
export function countDecision(metrics: Metrics, { code, policy = 'unknown', channel, ms }: CountedDecision): void {
  metrics.count('decisions_total', { policy, code, channel: channel ?? 'unknown' })
  metrics.observe('check_duration_seconds', { channel: channel ?? 'unknown' }, ms / 1_000)
}
