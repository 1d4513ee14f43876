/** One process of a fleet: a revocation service with its refresher, as `serve` joins them, told what to do by its parent. */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { RegisteredCertificate } from '../src/domain/devapp.ts'
import { certificatesFromPem } from '../src/pki/certificate.ts'
import { redisFromUrl } from '../src/redis/redis_connection.ts'
import { openRevocation } from '../src/revocation/open_revocation.ts'
import type { RevocationOptions } from '../src/revocation/options.ts'
import type { RevocationStatistics } from '../src/revocation/statistics.ts'

/** What the parent hands over on the command line. */
export interface FleetSettings {
  readonly redisUrl: string
  /** PEM blocks: each chain, leaf first, apart by an empty line. */
  readonly chainsFile: string
  readonly retryMs: number
  readonly maxRetryMs: number
  readonly rate: number
  readonly timeoutMs: number
}

export type Order =
  | { readonly do: 'register' }
  /** Asks about every certificate, this often, until it is told to stop. */
  | { readonly do: 'load'; readonly everyMs: number }
  | { readonly do: 'rest' }
  /** Asks about the first certificate, that many times at once. */
  | { readonly do: 'burst'; readonly count: number }
  /** The time of a memory hit. */
  | { readonly do: 'measure'; readonly rounds: number }
  | { readonly do: 'report' }
  | { readonly do: 'stop' }

export interface Report {
  readonly statistics: RevocationStatistics
  /** Requests by the status that they got. */
  readonly statuses: Readonly<Record<string, number>>
  /** How many certificates have an answer in memory. */
  readonly ready: number
  readonly memoryHitMicroseconds?: number | undefined
}

const settings = JSON.parse(process.argv[2] ?? '{}') as FleetSettings
const certificates = readFileSync(settings.chainsFile, 'utf8')
  .split('\n\n')
  .map((pem): RegisteredCertificate => {
    const [leaf, first, ...others] = certificatesFromPem(pem)
    return { leaf: leaf!, chain: [first!, ...others] }
  })

const options: RevocationOptions = {
  ...{ timeoutMs: settings.timeoutMs, fetchTimeoutMs: 5_000, skewMs: 1_000, maxAgeMs: 3_600_000 },
  ...{ allowSha1: false, nonce: 'off', allowPrivateAddresses: true, overrides: new Map() },
  ...{ connectionsPerResponder: 8, queuePerResponder: 1_000 },
  retention: { capMs: { good: 86_400_000, revoked: 3_600_000, unknown: 300_000 }, failureMs: 500, jitter: 0.1 },
  breaker: { failures: 5, openMs: 200, maxOpenMs: 1_000 },
  refresh: { at: 0.5, jitter: 0.1, rate: settings.rate, retryMs: settings.retryMs, maxRetryMs: settings.maxRetryMs },
  cache: {
    memory: { maxEntries: 50_000 },
    redis: {
      ...redisFromUrl(settings.redisUrl)!,
      ...{ commandTimeoutMs: 30, connectTimeoutMs: 2_000, maxReconnectMs: 500, keyPrefix: 'bench:' },
    },
  },
}
const revocation = openRevocation(options, { clock: () => new Date() })

const statuses: Record<string, number> = {}
const ask = async (certificate: RegisteredCertificate): Promise<void> => {
  const { status } = await revocation.statusOf(certificate, new Date())
  statuses[status] = (statuses[status] ?? 0) + 1
}

let loading = false
async function load(everyMs: number): Promise<void> {
  loading = true
  while (loading) {
    const started = performance.now()
    for (const certificate of certificates) void ask(certificate)
    await pause(Math.max(1, everyMs - (performance.now() - started)))
  }
}

function measure(rounds: number): number {
  const at = new Date()
  const run = (): number => {
    const started = performance.now()
    for (let i = 0; i < rounds; i++) void revocation.statusOf(certificates[i % certificates.length]!, at)
    return ((performance.now() - started) * 1_000) / rounds
  }
  run()
  return run()
}

const report = (memoryHitMicroseconds?: number): Report => ({
  ...{ statistics: revocation.statistics, statuses, memoryHitMicroseconds },
  ready: revocation.control.entries(new Date()).filter(({ status }) => status === 'good').length,
})

async function follow(order: Order): Promise<Report> {
  switch (order.do) {
    case 'register':
      revocation.refresher.register(certificates)
      return report()
    case 'load':
      void load(order.everyMs)
      return report()
    case 'rest':
      loading = false
      return report()
    case 'burst':
      await Promise.all(Array.from({ length: order.count }, () => ask(certificates[0]!)))
      return report()
    case 'measure':
      return report(measure(order.rounds))
    case 'report':
      return report()
    case 'stop':
      loading = false
      await revocation.close()
      return report()
  }
}

process.on('message', (order: Order) => {
  void follow(order).then((done) => {
    process.send?.(done)
    if (order.do === 'stop') process.disconnect()
  })
})
process.send?.(report())
