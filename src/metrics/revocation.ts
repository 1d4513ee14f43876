import type { Clock } from '../ports.ts'
import type { GivenCommand } from '../redis/redis_connection.ts'
import type { RevocationControl, RevocationOverview } from '../revocation/control.ts'
import type { FetchObserver } from '../revocation/responder.ts'
import { answerHorizons } from './catalogue.ts'
import type { Metrics } from './metrics.ts'
import type { ResponderLabels } from './responder_labels.ts'

/** How old the picture of all certificates gets: looking through a hundred thousand takes a while. */
const overviewEveryMs = 15_000

interface RevocationMetricsParts {
  readonly revocation: { readonly control: RevocationControl }
  readonly responders: ResponderLabels
  readonly clock: Clock
}

/** Shows how revocation stands: its counters at each scrape, its certificates as of some seconds ago. Returns what ends it. */
export function measureRevocation(
  metrics: Metrics,
  { revocation, responders, clock }: RevocationMetricsParts,
): () => void {
  const look = async (): Promise<void> =>
    showOverview(metrics, await revocation.control.overview(clock(), () => new Promise(setImmediate)))
  const timer = setInterval(() => void look(), overviewEveryMs).unref()
  void look()
  metrics.onScrape(() => {
    showCounters(metrics, revocation.control)
    showParts(metrics, revocation.control, responders)
  })
  return () => clearInterval(timer)
}

/** One request to a responder. */
export function observeFetch(
  metrics: Metrics,
  responders: ResponderLabels,
  { responder: name, outcome, durationMs }: Parameters<FetchObserver['onFetch']>[0],
): void {
  const responder = responders.labelOf(name)
  metrics.observe('ocsp_responder_duration_seconds', { responder, outcome }, durationMs / 1_000)
}

/** One command to Redis. */
export function observeCommand(metrics: Metrics, { outcome, durationMs }: GivenCommand): void {
  metrics.observe('redis_command_duration_seconds', {}, durationMs / 1_000)
  if (outcome !== 'replied') metrics.count('redis_command_failures_total', { cause: outcome })
}

function showOverview(metrics: Metrics, { byStatus, remembered, ages, remaining }: RevocationOverview): void {
  for (const [status, count] of Object.entries(byStatus)) metrics.set('ocsp_entries', { status }, count)
  metrics.set('ocsp_remembered_answers', {}, remembered)
  for (const horizon of answerHorizons) {
    const within = (seconds: readonly number[]): number => seconds.filter((each) => each <= horizon).length
    metrics.set('ocsp_answers_by_age', { le: String(horizon) }, within(ages))
    metrics.set('ocsp_answers_by_remaining', { le: String(horizon) }, within(remaining))
  }
  metrics.set('ocsp_answers_by_age', { le: '+Inf' }, ages.length)
  metrics.set('ocsp_answers_by_remaining', { le: '+Inf' }, remaining.length)
  if (remaining.length === 0) metrics.forget('ocsp_next_update_seconds_min')
  else
    metrics.set(
      'ocsp_next_update_seconds_min',
      {},
      remaining.reduce((a, b) => Math.min(a, b)),
    )
}

function showCounters(metrics: Metrics, { statistics }: RevocationControl): void {
  const { memory, redis, responder, leases, refresh, waived } = statistics
  const lookups = (tier: string, counts: Readonly<Record<string, number>>) => {
    for (const [result, count] of Object.entries(counts))
      metrics.countUpTo('ocsp_lookups_total', { tier, result }, count)
  }
  lookups('memory', { hit: memory.hits, miss: memory.misses })
  lookups('redis', { hit: redis.hits, miss: redis.misses, rejected: redis.rejected, failure: redis.failures })
  metrics.countUpTo('ocsp_rejected_answers_total', { tier: 'redis' }, redis.rejected)
  metrics.countUpTo('ocsp_rejected_answers_total', { tier: 'responder' }, responder.rejected)
  for (const [result, count] of Object.entries(leases)) metrics.countUpTo('ocsp_leases_total', { result }, count)
  for (const [result, count] of Object.entries(refresh)) metrics.countUpTo('ocsp_refreshes_total', { result }, count)
  for (const [reason, count] of Object.entries(waived)) metrics.countUpTo('waived_total', { reason }, count)
  metrics.countUpTo('ocsp_request_waits_total', {}, statistics.waits)
  metrics.countUpTo('ocsp_request_timeouts_total', {}, statistics.late)
}

const openness = { closed: 0, half_open: 0.5, open: 1 } as const

function showParts(metrics: Metrics, { breakers, redisReady }: RevocationControl, responders: ResponderLabels): void {
  for (const responder of responders.own())
    metrics.set('ocsp_breaker_open', { responder }, openness[breakers.get(responder) ?? 'closed'])
  if (redisReady !== undefined) metrics.set('redis_up', {}, redisReady ? 1 : 0)
}
