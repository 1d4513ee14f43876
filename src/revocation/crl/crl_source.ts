import { setImmediate } from 'node:timers/promises'
import type { CertificateStatus } from '../../domain/evidence.ts'
import type { OcspSubject } from '../../pki/ocsp_request.ts'
import type { Clock } from '../../ports.ts'
import type { Random } from '../retention.ts'
import { type After, after } from '../timers.ts'
import { Turnstile } from '../turnstile.ts'
import { CrlClient, type CrlClientOptions } from './crl_client.ts'
import { CrlHolding, type CrlHoldingOptions, type CrlHoldingParts, type CrlObserver } from './crl_holding.ts'
import { type CrlPlace, CrlPlaces, type CrlPoint } from './crl_point.ts'

/** Everything that an operator decides about CRLs. */
export interface CrlOptions extends CrlHoldingOptions, CrlClientOptions {
  /** How long a request waits for a CRL that is not there yet. */
  readonly timeoutMs: number
  /** Downloads at a time. */
  readonly downloads: number
  /** The only hosts that certificates may name, in lower case. Default: any. */
  readonly allowedHosts?: ReadonlySet<string> | undefined
}

/** Fit for CRLs that are issued every hour to every week. */
export const crlDefaults = {
  maxBytes: 64 * 1024 * 1024,
  downloads: 2,
  timeoutMs: 500,
  fetchTimeoutMs: 60_000,
  maxRefreshMs: 4 * 3_600_000,
  refresh: { at: 0.75, jitter: 0.1, retryMs: 5_000, maxRetryMs: 5 * 60_000 },
} as const

/** Certificates that are looked at before requests may pass. */
const lookedAtATime = 64

export interface CrlParts {
  readonly clock: Clock
  /** Default: Math.random. */
  readonly random?: Random | undefined
  /** Default: real timers. */
  readonly after?: After | undefined
  readonly observer?: CrlObserver | undefined
}

/** What is known of the CRL that a certificate depends on, for whoever operates the service. */
export interface CrlView {
  /** The address that is asked first. */
  readonly location: string
  readonly thisUpdate: Date | undefined
  readonly nextUpdate: Date | undefined
  /** Not used from this instant on. */
  readonly usableUntil: Date | undefined
  readonly entries: number | undefined
  /** Octets of memory. */
  readonly byteLength: number | undefined
  readonly nextRefresh: Date | undefined
  readonly lastError: { readonly at: Date; readonly cause: string } | undefined
}

/**
 * What issuers' CRLs say of their certificates (RFC 5280 6.3), from memory: one CRL for all certificates of an issuer that
 * name the same distribution point, fetched ahead and refreshed ahead of its end. A certificate that its CRL does not list is
 * good.
 */
export class CrlSource {
  readonly #options: CrlOptions
  readonly #client: CrlClient
  readonly #parts: CrlHoldingParts
  readonly #places: CrlPlaces
  readonly #holdings = new Map<string, CrlHolding>()
  #registration = 0
  #closed = false

  constructor(options: CrlOptions, { clock, random = Math.random, observer, ...parts }: CrlParts) {
    this.#options = options
    this.#client = new CrlClient(options)
    this.#places = new CrlPlaces(options)
    this.#parts = {
      ...{ client: this.#client, clock, random, observer, after: parts.after ?? after },
      turnstile: new Turnstile(options.downloads),
    }
  }

  /**
   * The certificates to be ready for from now on, each with its issuer, instead of those before: CRLs of theirs that are not
   * held are fetched, and those that nobody names any more are forgotten. Resolves when the first attempts have ended; nobody
   * has to wait for it. Never rejects.
   */
  async register(subjects: Iterable<OcspSubject>): Promise<void> {
    const points = new Map<string, CrlPoint>()
    const registration = ++this.#registration
    let looked = 0
    for (const subject of subjects) {
      const place = this.#places.of(subject)
      if (place.status === 'named') points.set(place.point.key, place.point)
      if (++looked % lookedAtATime === 0) await setImmediate()
      if (registration !== this.#registration) return
    }
    for (const [key, holding] of this.#holdings) {
      if (points.has(key)) continue
      this.#holdings.delete(key)
      void holding.drop()
    }
    const added = [...points.values()].filter(({ key }) => !this.#holdings.has(key))
    await Promise.all(added.map((point) => this.#holdingOf(point).refresh()))
  }

  /** The status of a certificate at `at`: at once where its CRL is held, otherwise within the timeout. Never rejects. */
  statusOf(subject: OcspSubject, at: Date): CertificateStatus | Promise<CertificateStatus> {
    const place = this.#places.of(subject)
    if (place.status === 'no_source') return { status: 'no_source' }
    if (place.status === 'not_permitted')
      return { status: 'unavailable', cause: `crl: not_permitted ${place.detail}`, lastRevoked: false }

    const holding = this.#holdingOf(place.point)
    const known = holding.statusAt(place.subject, at, 'memory')
    if (known !== undefined) return known
    // Whoever failed a moment ago is not asked again by every request.
    const { lastError, nextRefresh } = holding
    if (lastError !== undefined && nextRefresh !== undefined && at < nextRefresh)
      return holding.unavailable(place.subject, lastError.cause)
    return this.#withinTimeout(holding, place)
  }

  /** Fetches the certificate's CRL now, whatever is held; what is held stays until another has verified. Never rejects. */
  async refresh(subject: OcspSubject): Promise<void> {
    const place = this.#places.of(subject)
    if (place.status === 'named') await this.#holdingOf(place.point).refresh()
  }

  /** `undefined` where the certificate names no CRL that may be asked for, and before it was first asked about. */
  view(subject: OcspSubject): CrlView | undefined {
    const place = this.#places.of(subject)
    const holding = place.status === 'named' ? this.#holdings.get(place.point.key) : undefined
    if (holding === undefined) return undefined
    const { crl, point, nextRefresh, lastError } = holding
    return {
      location: point.locations[0].href,
      thisUpdate: crl?.thisUpdate,
      nextUpdate: crl?.nextUpdate,
      usableUntil: crl?.usableUntil,
      entries: crl?.revoked.size,
      byteLength: crl?.revoked.byteLength,
      nextRefresh,
      lastError,
    }
  }

  /** Ends what is under way, and refreshes nothing any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#registration++
    const dropped = [...this.#holdings.values()].map((holding) => holding.drop())
    await this.#client.close()
    await Promise.all(dropped)
  }

  #holdingOf(point: CrlPoint): CrlHolding {
    const known = this.#holdings.get(point.key)
    if (known !== undefined) return known
    const holding = new CrlHolding(point, this.#options, this.#parts)
    if (this.#closed) void holding.drop()
    this.#holdings.set(point.key, holding)
    return holding
  }

  /** A download outlives the requests that wait for it: the CRL is there for the next ones. */
  #withinTimeout(holding: CrlHolding, { subject }: Extract<CrlPlace, { status: 'named' }>): Promise<CertificateStatus> {
    const { timeoutMs } = this.#options
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(holding.unavailable(subject, `no CRL within ${timeoutMs} ms`)), timeoutMs)
      void holding.refresh().then(() => {
        clearTimeout(timer)
        const status = holding.statusAt(subject, this.#parts.clock(), 'responder')
        resolve(status ?? holding.unavailable(subject, holding.lastError?.cause ?? 'no CRL'))
      })
    })
  }
}
