import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { type BreakerOptions, type BreakerState, Breakers } from '../breaker.ts'
import type { OcspRejectionCode } from '../pki/ocsp_rejection.ts'
import { nonceLength, ocspRequest } from '../pki/ocsp_request.ts'
import { type OcspAnswer, type OcspVerdict, verifyOcspResponse } from '../pki/ocsp_verification.ts'
import type { Clock } from '../ports.ts'
import type { FetchFailure, ResponderClient } from './responder.ts'
import type { Subject } from './subject.ts'

/** How an answer is judged, wherever it comes from. */
export interface VerificationRules {
  readonly skewMs: number
  /** For answers without nextUpdate. */
  readonly maxAgeMs: number
  /** Whether a signature over SHA-1 counts. */
  readonly allowSha1: boolean
  /** Delegates without id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1); default: accept. */
  readonly delegateWithoutNocheck?: 'accept' | 'refuse' | undefined
}

export interface InquiryOptions extends VerificationRules {
  /** How long a request waits: with several responders, each but the last has its share of this time. */
  readonly timeoutMs: number
  /** How long one inquiry may take, all its responders together, whether or not somebody still waits. */
  readonly fetchTimeoutMs: number
  /**
   * `optional` sends a nonce, and sends none where the responder calls the request malformed; answers without one
   * count. `required` refuses pre-produced answers (RFC 9654).
   */
  readonly nonce: 'off' | 'optional' | 'required'
  readonly breaker: BreakerOptions
}

export type Inquiry =
  | { readonly status: 'answered'; readonly answer: OcspAnswer }
  /** What each responder did, in words for the log. */
  | { readonly status: 'failed'; readonly cause: string }

export interface Rejected {
  readonly code: OcspRejectionCode
  readonly detail: string
}

type Attempt =
  | { readonly status: 'answered'; readonly answer: OcspAnswer }
  | { readonly status: 'failed'; readonly cause: FetchFailure | OcspRejectionCode; readonly detail: string }

/** Asks a certificate's responders, in order, until one gives an answer that verifies. */
export class Inquirer {
  readonly #client: ResponderClient
  readonly #options: InquiryOptions
  readonly #clock: Clock
  readonly #onRejected: (subject: Subject, rejected: Rejected) => void
  readonly #breakers: Breakers<Attempt>

  constructor(
    client: ResponderClient,
    options: InquiryOptions,
    clock: Clock,
    onRejected: (subject: Subject, rejected: Rejected) => void,
  ) {
    this.#client = client
    this.#options = options
    this.#clock = clock
    this.#onRejected = onRejected
    this.#breakers = new Breakers(options.breaker, isOutage)
  }

  /** Of every responder that was asked, by its origin. */
  get breakers(): ReadonlyMap<string, BreakerState> {
    return this.#breakers.states
  }

  /** Takes at most `fetchTimeoutMs`. */
  async ask(subject: Subject): Promise<Inquiry> {
    const { addresses } = subject
    if (addresses.status === 'no_source') return { status: 'failed', cause: 'no_source' }
    if (addresses.status === 'not_permitted') return { status: 'failed', cause: `not_permitted ${addresses.detail}` }

    const deadline = performance.now() + this.#options.fetchTimeoutMs
    const shareMs = this.#options.timeoutMs / addresses.responders.length
    const causes: string[] = []
    for (const [index, responder] of addresses.responders.entries()) {
      const leftMs = deadline - performance.now()
      const isLast = index === addresses.responders.length - 1
      const attempt = await this.#breakers
        .of(responder)
        .attempt(() => this.#attempt(subject, responder, isLast ? leftMs : Math.min(leftMs, shareMs)))
      if (attempt?.status === 'answered') return attempt
      causes.push(`${responder.host}: ${attempt === undefined ? 'breaker_open' : `${attempt.cause} ${attempt.detail}`}`)
    }
    return { status: 'failed', cause: causes.join('; ') }
  }

  async #attempt(subject: Subject, responder: URL, timeoutMs: number): Promise<Attempt> {
    const started = performance.now()
    const nonce = this.#options.nonce === 'off' ? undefined : randomBytes(nonceLength)
    const attempt = await this.#exchange(subject, responder, nonce, timeoutMs)
    if (this.#options.nonce !== 'optional' || !isMalformedRequest(attempt)) return attempt
    return this.#exchange(subject, responder, undefined, timeoutMs - (performance.now() - started))
  }

  async #exchange(
    subject: Subject,
    responder: URL,
    nonce: Uint8Array | undefined,
    timeoutMs: number,
  ): Promise<Attempt> {
    const fetched = await this.#client.fetch(responder, ocspRequest(subject, { nonce }), timeoutMs)
    if (fetched.status === 'failed') return fetched
    const required = this.#options.nonce === 'required'
    const verdict = verdictOn(subject, fetched.der, this.#clock(), this.#options, { nonce, nonceRequired: required })
    if (verdict.status !== 'rejected') return { status: 'answered', answer: verdict }
    this.#onRejected(subject, verdict)
    return { status: 'failed', cause: verdict.code, detail: verdict.detail }
  }
}

/** What the bytes say about the subject at `at`: an answer whose signature holds, or the rule that they break. */
export function verdictOn(
  subject: Subject,
  der: Uint8Array,
  at: Date,
  { skewMs, maxAgeMs, allowSha1, delegateWithoutNocheck }: VerificationRules,
  nonce: { readonly nonce?: Uint8Array | undefined; readonly nonceRequired?: boolean } = {},
): OcspVerdict {
  return verifyOcspResponse(der, {
    subject,
    at,
    skewMs,
    maxAgeMs,
    allowSha1,
    delegateWithoutNocheck,
    pinnedResponders: subject.pinned,
    ...nonce,
  })
}

/** Whether the responder itself is unwell: what is wrong with one certificate's answer says nothing of the others. */
function isOutage(attempt: Attempt): boolean {
  if (attempt.status === 'answered') return false
  if (attempt.cause === 'not_successful') return attempt.detail === 'tryLater' || attempt.detail === 'internalError'
  return outages.has(attempt.cause)
}

const outages: ReadonlySet<string> = new Set<FetchFailure>([
  'name_not_found',
  'connect_failed',
  'connection_lost',
  'tls_failed',
  'timeout',
  'http_server_error',
])

const isMalformedRequest = (attempt: Attempt): boolean =>
  attempt.status === 'failed' && attempt.cause === 'not_successful' && attempt.detail === 'malformedRequest'
