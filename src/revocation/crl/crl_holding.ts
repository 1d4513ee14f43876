import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { CertificateStatus } from '../../domain/evidence.ts'
import type { CrlRejection, CrlRejectionCode } from '../../pki/crl_rejection.ts'
import { type CrlSubject, problemOfScope, statusByCrl } from '../../pki/crl_status.ts'
import {
  type CrlExpectation,
  type CrlVerdict,
  mayReplace,
  type VerifiedCrl,
  verifyCrlInSteps,
} from '../../pki/crl_verification.ts'
import type { Clock } from '../../ports.ts'
import type { FetchFailure } from '../http_transport.ts'
import { type RefreshTimes, refreshAt, retryAt } from '../refresh_times.ts'
import type { Random } from '../retention.ts'
import type { After } from '../timers.ts'
import type { Turnstile } from '../turnstile.ts'
import type { CrlClient } from './crl_client.ts'
import type { CrlPoint } from './crl_point.ts'

export interface CrlHoldingOptions extends Pick<CrlExpectation, 'skewMs' | 'maxAgeMs' | 'allowSha1'> {
  /** How long one refresh may take, all locations together: each but the last has its share. Waiting in line is apart. */
  readonly fetchTimeoutMs: number
  readonly refresh: RefreshTimes
  /** A CRL is asked for again after this time at the latest, however far away its nextUpdate is. */
  readonly maxRefreshMs: number
}

export interface CrlHoldingParts {
  readonly client: CrlClient
  readonly clock: Clock
  readonly random: Random
  readonly after: After
  /** Through which downloads go: each takes memory of the CRL's size, twice. */
  readonly turnstile: Turnstile
  readonly observer?: CrlObserver | undefined
}

export interface CrlObserver {
  /** Told of a CRL that verified and is used from now on. */
  onCrl(fetched: { readonly location: string; readonly crl: VerifiedCrl }): void
  /** Told of a location that gave none. */
  onCrlFailed(failure: { readonly location: string; readonly cause: CrlFailure; readonly detail: string }): void
}

export type CrlFailure = FetchFailure | CrlRejectionCode | 'older_than_known'

type Attempt =
  | { readonly status: 'verified'; readonly crl: VerifiedCrl }
  | { readonly status: 'failed'; readonly cause: CrlFailure; readonly detail: string }

/**
 * The CRL of one distribution point: fetched, kept in memory and refreshed ahead of its end. The one that is held stays until
 * another has verified that is not older, and is not used from its nextUpdate on.
 */
export class CrlHolding {
  readonly point: CrlPoint
  readonly #options: CrlHoldingOptions
  readonly #parts: CrlHoldingParts
  #crl: VerifiedCrl | undefined
  #refreshing: Promise<void> | undefined
  #failures = 0
  #lastError: { readonly at: Date; readonly cause: string } | undefined
  #nextRefresh: Date | undefined
  #callOff = (): void => {}
  #dropped = false

  constructor(point: CrlPoint, options: CrlHoldingOptions, parts: CrlHoldingParts) {
    this.point = point
    this.#options = options
    this.#parts = parts
  }

  /** The last one that verified, whether or not it may still be used. */
  get crl(): VerifiedCrl | undefined {
    return this.#crl
  }

  /** When it is fetched again; `undefined` while it is, and before the first time. */
  get nextRefresh(): Date | undefined {
    return this.#nextRefresh
  }

  /** Of the last refresh, where that failed. */
  get lastError(): { readonly at: Date; readonly cause: string } | undefined {
    return this.#lastError
  }

  /** What the CRL says of the certificate, where there is one that may be used at `at`. */
  statusAt(subject: CrlSubject, at: Date, tier: 'memory' | 'responder'): CertificateStatus | undefined {
    const crl = this.#crl
    if (crl === undefined || !(at < crl.usableUntil)) return undefined
    const said = statusByCrl(crl, subject)
    const found = { source: 'crl', tier, thisUpdate: crl.thisUpdate, usableUntil: crl.usableUntil } as const
    switch (said.status) {
      case 'good':
        return { status: 'good', ...found }
      case 'revoked':
        return { status: 'revoked', reason: said.reason, revokedAt: said.revokedAt, ...found }
      case 'rejected':
        return { status: 'unavailable', cause: `crl: ${said.code} ${said.detail}`, lastRevoked: false }
    }
  }

  /** That nothing usable is held, and whether the last that was said revoked. */
  unavailable(subject: CrlSubject, cause: string): CertificateStatus {
    const lastRevoked = this.#crl !== undefined && statusByCrl(this.#crl, subject).status === 'revoked'
    return { status: 'unavailable', cause: `crl: ${cause}`, lastRevoked }
  }

  /** Fetches the CRL now; joins a refresh that is under way. Never rejects: `lastError` tells. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Refreshes it no more, and resolves when nothing of it is under way. */
  async drop(): Promise<void> {
    this.#dropped = true
    this.#callOff()
    await this.#refreshing
  }

  async #refresh(): Promise<void> {
    this.#callOff()
    this.#nextRefresh = undefined
    try {
      const failure = await this.#parts.turnstile.pass(() => this.#fetch())
      this.#settle(failure)
    } catch (error) {
      this.#settle(`internal: ${String(error)}`)
    }
  }

  /** Tries the locations in order; what each of them did, where none gave a CRL. */
  async #fetch(): Promise<string | undefined> {
    const { locations } = this.point
    const deadline = performance.now() + this.#options.fetchTimeoutMs
    const shareMs = this.#options.fetchTimeoutMs / locations.length
    const causes: string[] = []
    for (const [index, location] of locations.entries()) {
      if (this.#dropped) return 'dropped'
      const leftMs = Math.max(0, deadline - performance.now())
      const isLast = index === locations.length - 1
      const attempt = await this.#attempt(location, isLast ? leftMs : Math.min(leftMs, shareMs))
      if (attempt.status === 'verified') {
        this.#crl = attempt.crl
        this.#parts.observer?.onCrl({ location: location.href, crl: attempt.crl })
        return undefined
      }
      const { cause, detail } = attempt
      this.#parts.observer?.onCrlFailed({ location: location.href, cause, detail })
      causes.push(`${location.host}: ${cause} ${detail}`)
    }
    return causes.join('; ')
  }

  async #attempt(location: URL, timeoutMs: number): Promise<Attempt> {
    const fetched = await this.#parts.client.fetch(location, timeoutMs)
    if (fetched.status === 'failed') return fetched
    const { skewMs, maxAgeMs, allowSha1 } = this.#options
    const at = this.#parts.clock()
    const verdict = await verifiedInSteps(fetched.der, { issuer: this.point.issuer, at, skewMs, maxAgeMs, allowSha1 })
    if (verdict.status === 'rejected') return failedBy(verdict)
    // A CRL of another scope is no replacement: it would take away what is known of these certificates.
    const problem = problemOfScope(verdict, this.point.example)
    if (problem !== undefined) return failedBy(problem)
    if (mayReplace(verdict, this.#crl)) return { status: 'verified', crl: verdict }
    return { status: 'failed', cause: 'older_than_known', detail: `${orderOf(verdict)}, known ${orderOf(this.#crl)}` }
  }

  #settle(failure: string | undefined): void {
    if (this.#dropped) return
    const { clock, random, after } = this.#parts
    const { refresh, maxRefreshMs } = this.#options
    const at = clock()
    const nowMs = at.getTime()
    const untilMs = this.#crl?.usableUntil.getTime()
    let nextMs: number
    if (failure === undefined && this.#crl !== undefined && untilMs !== undefined) {
      this.#failures = 0
      this.#lastError = undefined
      nextMs = refreshAt(this.#crl, Math.min(untilMs, nowMs + maxRefreshMs), nowMs, refresh, random)
    } else {
      this.#failures++
      this.#lastError = { at, cause: failure ?? 'no CRL' }
      nextMs = retryAt(this.#failures, untilMs, nowMs, refresh, random)
    }
    this.#nextRefresh = new Date(nextMs)
    this.#callOff = after(nextMs - nowMs, () => void this.refresh())
  }
}

/** Lets requests pass between the steps. */
async function verifiedInSteps(der: Uint8Array, expected: CrlExpectation): Promise<CrlVerdict> {
  const steps = verifyCrlInSteps(der, expected)
  for (;;) {
    await setImmediate()
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

const failedBy = ({ code, detail }: CrlRejection): Attempt => ({ status: 'failed', cause: code, detail })

const orderOf = (crl: VerifiedCrl | undefined): string =>
  `thisUpdate=${crl?.thisUpdate.toISOString() ?? 'none'} number=${crl?.number ?? 'none'}`
