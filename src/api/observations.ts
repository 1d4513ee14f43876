import type { AuthRequest } from '../domain/request.ts'
import type { DecisionRecord } from '../ops/decision_record.ts'
import { LastHour } from '../ops/last_hour.ts'
import { type Presented, RecentDenials } from '../ops/recent_denials.ts'
import { type Fetch, RecentFetches } from '../ops/recent_fetches.ts'
import { TotalsByMinute } from '../ops/totals_by_minute.ts'
import { WaitingRenewals } from '../ops/waiting_renewals.ts'
import type { Clock } from '../ports.ts'
import { allSeries, hourSeries } from './overview_operations.ts'

export interface ObservationsOptions {
  readonly clock: Clock
  /** Upper bounds of the buckets of durations, in milliseconds. */
  readonly boundsMs: readonly number[]
  /** Whether a DevApp has the ClientKey: what another says may be a misplaced secret. */
  readonly isClientKey: (text: string) => boolean
}

const denialsKept = 200

/** What the console shows of the past, kept in memory of a fixed size while the service goes on. */
export class Observations {
  readonly hour: LastHour
  readonly denials = new RecentDenials(denialsKept)
  readonly renewals = new WaitingRenewals()
  readonly fetches = new RecentFetches()
  readonly totals = new TotalsByMinute()
  readonly #options: ObservationsOptions
  #registryRefused: { readonly at: Date; readonly reason: string } | undefined

  constructor(options: ObservationsOptions) {
    this.#options = options
    this.hour = new LastHour({ series: allSeries, boundsMs: options.boundsMs })
  }

  /** Cheap for what is allowed: it is told of every request. */
  decided(record: DecisionRecord, request: AuthRequest | undefined): void {
    const nowMs = this.#options.clock().getTime()
    const { code, shadow, ms } = record
    this.hour.add(shadow === undefined ? code : hourSeries.shadowed, ms, nowMs)
    if (code === 'allow') return
    const presented = this.#presentedBy(request)
    this.denials.add(record, presented, nowMs)
    this.renewals.add(record, presented, nowMs)
  }

  fetched(fetch: Fetch): void {
    this.fetches.add(fetch, this.#options.clock().getTime())
  }

  /** The registry was taken over; or was not, for this reason. */
  registryRead(refused: string | undefined): void {
    this.#registryRefused = refused === undefined ? undefined : { at: this.#options.clock(), reason: refused }
  }

  get registryRefused(): { readonly at: Date; readonly reason: string } | undefined {
    return this.#registryRefused
  }

  #presentedBy(request: AuthRequest | undefined): Presented {
    const certificate = request?.certificate.status === 'presented' ? request.certificate.certificate : undefined
    const clientKey = request?.basic.status === 'presented' ? request.basic.clientKey : undefined
    return {
      ...{ host: request?.host, sni: request?.sni, certificate: certificate?.der, sha256: certificate?.sha256 },
      commonName: certificate && (certificate.commonNames.join(', ') || certificate.subject),
      clientKey: clientKey !== undefined && this.#options.isClientKey(clientKey) ? clientKey : undefined,
    }
  }
}
