/** One metric: what it counts, in which unit, and how an operator reads it. */
export interface MetricDescription {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Prometheus's `# HELP`: one sentence, with the unit. */
  readonly help: string
  /** Each of few values: never a serial number, a ClientKey or a name from a certificate. */
  readonly labels: readonly string[]
  /** What is shown as 0 before anything was counted, so that a first occurrence is a rise. */
  readonly initial?: readonly Readonly<Record<string, string>>[]
  /** Upper bounds, ascending. */
  readonly buckets?: readonly number[]
  /** For docs/metrics.md: what a value tells, and what to look at then. */
  readonly reading: string
}

const counter = <const Label extends string>(
  labels: readonly Label[],
  help: string,
  reading: string,
  initial: readonly Readonly<Record<Label, string>>[] = [],
) => ({ type: 'counter', help, labels, reading, initial }) as const
const gauge = (labels: readonly string[], help: string, reading: string) =>
  ({ type: 'gauge', help, labels, reading }) as const
const histogram = (labels: readonly string[], buckets: readonly number[], help: string, reading: string) =>
  ({ type: 'histogram', help, labels, buckets, reading }) as const

/** A remembered decision takes a fraction of a millisecond, one that waits for a responder up to `deadline`. */
export const checkBuckets = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] as const
const responderBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
const redisBuckets = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25] as const

/** How far ahead the gauges by horizon look, in seconds: a minute to a week. */
export const answerHorizons = [60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800] as const

/** Every metric of the service by its name without the prefix, in the order of docs/metrics.md. Names are never changed. */
export const metricCatalogue = {
  decisions_total: counter(
    ['policy', 'code', 'channel'],
    'Decisions by policy, code (allow, or a code of docs/denials.md) and channel.',
    'The traffic, and what is refused. A code that rises for one policy is one API or one third party; one that rises for all is ours or the issuer’s. A policy that does not exist counts as `none`. The channel `try` counts certificates that were tried, by what an API would have said: no refusals.',
  ),
  check_duration_seconds: histogram(
    ['channel'],
    checkBuckets,
    'Seconds from a CheckRequest to its answer, inside the service.',
    'A remembered caller takes under a millisecond. Values near `ocsp.timeout` are requests that waited for a responder; see `ocsp_request_waits_total`.',
  ),
  shadow_denials_total: counter(
    ['policy', 'code'],
    'Requests that shadow mode let pass and that would have been denied.',
    'What would be refused without shadow mode. Zero for as long as callers need, then switch it off.',
  ),
  shadow_policies: gauge(
    ['policy'],
    'Policies that are in shadow mode now: 1 for each; no others are there.',
    'Requests pass that the policy refuses, without identity headers.',
  ),
  waived_total: counter(
    ['reason'],
    'Requests allowed without an answer of the issuer, since the configuration says so.',
    'How often `on_unavailable: allow` and `on_no_source: allow` were used.',
    [{ reason: 'unavailable' }, { reason: 'no_source' }],
  ),
  signature_replay_waived_total: counter(
    [],
    'Signed requests allowed although it could not be found out whether the signature was used before.',
    'How often `signature.on_replay_unavailable: allow` was used: Redis is away, or too many signatures are remembered.',
  ),
  likely_renewals_total: counter(
    [],
    'Refused requests with an unregistered certificate that is likely the renewal of a registered one.',
    'A third party changed its certificate before it was attached. The log line says which DevApp: `likely_renewal`.',
  ),
  basic_lockouts_total: counter(
    ['by'],
    'Refusals of HTTP Basic for too many failed attempts, by ClientKey or by source address.',
    'Somebody is guessing, or a program has an old secret.',
    [{ by: 'client_key' }, { by: 'address' }],
  ),
  basic_locked: gauge(
    ['by'],
    'Locks of HTTP Basic that are in force now: of ClientKeys at an address (client_key), of addresses (address), and ClientKeys that are guessed from many addresses (distributed).',
    'As this process knows them; with a Redis, those of the fleet. `devapp-authz basic lockouts` lists them. `distributed`: somebody guesses with many machines.',
  ),
  ocsp_lookups_total: counter(
    ['tier', 'result'],
    'Lookups of OCSP answers by tier (memory, redis) and result (hit, miss, rejected, failure).',
    'Memory should hit almost always: answers are there before they are asked for. `rejected` is an entry in Redis that did not verify.',
    [
      ...['hit', 'miss'].map((result) => ({ tier: 'memory', result })),
      ...['hit', 'miss', 'rejected', 'failure'].map((result) => ({ tier: 'redis', result })),
    ],
  ),
  ocsp_request_waits_total: counter(
    [],
    'Requests that waited for a responder.',
    'Should stay near zero. See the tuning guide: `ocsp.refresh`, `ocsp.cache`.',
  ),
  ocsp_request_timeouts_total: counter(
    [],
    'Requests whose `ocsp.timeout` passed before there was an answer.',
    'These were answered `revocation_unavailable`, or waived.',
  ),
  ocsp_entries: gauge(
    ['status'],
    'Registered certificates by what is known of them now (good, revoked, unknown, unavailable, no_source, pending).',
    '`unavailable` and `pending` are certificates that would wait or be refused.',
  ),
  ocsp_remembered_answers: gauge(
    [],
    'Answers in the memory of this process.',
    'At `ocsp.cache.memory.max_entries` the least used ones are forgotten: raise it.',
  ),
  ocsp_answers_by_age: gauge(
    ['le'],
    'Remembered answers whose thisUpdate is at most so many seconds ago, cumulative.',
    'How fresh the answers are: what a revocation takes to be noticed.',
  ),
  ocsp_answers_by_remaining: gauge(
    ['le'],
    'Remembered answers whose nextUpdate is at most so many seconds ahead, cumulative.',
    'Answers that pile up at the low end are not being renewed.',
  ),
  ocsp_next_update_seconds_min: gauge(
    [],
    'Seconds until the nextUpdate of the answer that ends first; negative once it has passed.',
    'How long a total outage of that responder would go unnoticed.',
  ),
  ocsp_responder_duration_seconds: histogram(
    ['responder', 'outcome'],
    responderBuckets,
    'Seconds that requests to responders took, by responder (scheme, host and port) and outcome.',
    'A slow responder costs only those who wait for it. `outcome` names what went wrong; more than 50 responders share `other`.',
  ),
  ocsp_breaker_open: gauge(
    ['responder'],
    'Whether the breaker of a responder is open: 1 open, 0.5 probing, 0 closed.',
    'While it is open the responder is not asked, and who needs a new answer is told `unavailable` at once.',
  ),
  ocsp_refreshes_total: counter(
    ['result'],
    'Renewals ahead of time: answered, failed, or adopted from a neighbour.',
    '`failed` over `answered` is how well issuers do. `adopted` is the work that the fleet saved.',
    [{ result: 'answered' }, { result: 'failed' }, { result: 'adopted' }],
  ),
  ocsp_leases_total: counter(
    ['result'],
    'What the fleet said when this process was to renew an answer (granted, taken, quiet, failed).',
    '`failed` is Redis: each process then asks for itself.',
    ['granted', 'taken', 'quiet', 'failed'].map((result) => ({ result })),
  ),
  ocsp_rejected_answers_total: counter(
    ['tier'],
    'Answers that did not verify, by where they came from (redis, responder).',
    'From a responder: the CA has a problem, or somebody stands between. From Redis: somebody writes into it.',
    [{ tier: 'redis' }, { tier: 'responder' }],
  ),
  redis_up: gauge(
    [],
    'Whether the connection to Redis is ready: 1 or 0; absent without Redis.',
    'Redis lost means more requests to responders, never a wrong answer.',
  ),
  redis_command_duration_seconds: histogram(
    [],
    redisBuckets,
    'Seconds that commands to Redis took, those without an answer included.',
    'Far below `ocsp.cache.redis.timeout`.',
  ),
  redis_command_failures_total: counter(
    ['cause'],
    'Commands that Redis did not answer in time (timeout), refused, or never got (connection).',
    'Timeouts: Redis or the network is slow. `refused`: see its log; a full one refuses writes.',
    [{ cause: 'timeout' }, { cause: 'refused' }, { cause: 'connection' }],
  ),
  registry_devapps: gauge(['status', 'environment'], 'DevApps in force.', 'A sudden fall is a wrong edit.'),
  registry_certificates: gauge([], 'Distinct registered leaf certificates in force.', 'As `registry_devapps`.'),
  registry_age_seconds: gauge(
    [],
    'Seconds since the registry in force was last known to be current.',
    'A file is current as long as it is watched. With PostgreSQL it grows while the database is away.',
  ),
  registry_loads_total: counter(
    ['result'],
    'Readings of the registry: loaded, or refused as a whole.',
    '`refused`: the last good one stays in force; the log says what is wrong, and where.',
    [{ result: 'loaded' }, { result: 'refused' }],
  ),
  config_reloads_total: counter(
    ['result'],
    'Readings of the configuration after the start: loaded, unchanged, or refused as a whole.',
    '`refused`: the last good one stays in force; the log says what is wrong, and where.',
    [{ result: 'loaded' }, { result: 'unchanged' }, { result: 'refused' }],
  ),
  certificates_expiring: gauge(
    ['within'],
    'Registered leaf certificates whose notAfter is within so many days (1d, 7d, 14d, 30d), cumulative, or past (expired).',
    'Each belongs to a third party that will be refused: `devapp-authz devapp list --expiring 30d` names them.',
  ),
  truststore_authorities: gauge([], "CAs in Envoy's trust store.", 'Zero trusts nobody.'),
  truststore_version: gauge(
    [],
    'How often the trust store has changed since the start.',
    'A change that Envoy did not take shows as a difference to `sds_acknowledged_version`.',
  ),
  sds_streams: gauge([], 'Envoys, or threads of them, that follow the trust store.', 'Zero: no Envoy asks for it.'),
  sds_responses_total: counter(
    ['result'],
    'Trust stores sent to Envoy (sent), taken over (ack) and refused (nack).',
    '`nack`: Envoy keeps the last one that it took; the log says why.',
    [{ result: 'sent' }, { result: 'ack' }, { result: 'nack' }],
  ),
  tracing_dropped_spans_total: counter(
    ['reason'],
    'Spans that were not sent: more than may wait (queue_full), or not taken by the endpoint (export_failed).',
    'Traces have gaps. `queue_full`: lower `tracing.sample_ratio` or raise `tracing.queue`. No request waits for a span.',
  ),
  ready: gauge(
    [],
    'Whether the process is ready for requests: 1 or 0.',
    '`/readyz` on the admin port says what is missing.',
  ),
  event_loop_delay_seconds: gauge(
    ['quantile'],
    'How late timers of this process fire: p50, p99 and the longest since the last scrape.',
    'Above some ten milliseconds the process is short of CPU, or something blocks it.',
  ),
} as const satisfies Readonly<Record<string, MetricDescription>>

export type MetricName = keyof typeof metricCatalogue

/** What every name of a metric begins with. */
export const metricPrefix = 'devapp_authz_'
