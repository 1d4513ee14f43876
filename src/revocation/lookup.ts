import type { OcspAnswer } from '../pki/ocsp_verification.ts'
import type { Clock } from '../ports.ts'
import { answerOrder, type SharedAnswer, type SharedAnswers } from './answer_cache.ts'
import { Inquirer, type Rejected, type VerificationRules, verdictOn } from './inquiry.ts'
import { type MemoryCache, statusOf } from './memory_cache.ts'
import type { RevocationOptions } from './options.ts'
import { RecentFailures } from './recent_failures.ts'
import type { ResponderClient } from './responder.ts'
import { failureUntil, type Random, spread, usableUntil } from './retention.ts'
import { SingleFlight } from './single_flight.ts'
import { newStatistics } from './statistics.ts'
import type { Subject } from './subject.ts'

export interface LookupParts {
  readonly client: ResponderClient
  readonly clock: Clock
  /** Answers that the fleet shares; absent where this process looks after itself. */
  readonly shared?: SharedAnswers | undefined
  /** Default: Math.random. */
  readonly random?: Random | undefined
  readonly observer?: RejectionObserver | undefined
}

export interface RejectionObserver {
  /** Told of bytes that claimed to be an answer for the CertID `key` and were not accepted. */
  onRejected(rejection: Rejection & { readonly tier: 'redis' | 'responder'; readonly key: string }): void
}

export interface Rejection {
  /** The broken rule; `unreadable` and `misordered` are about how an entry was stored. */
  readonly code: Rejected['code'] | 'unreadable' | 'misordered' | 'older_than_known'
  readonly detail: string
}

export type Found =
  | {
      readonly status: 'answered'
      /** `memory` where a later answer than the one just received is remembered. */
      readonly tier: 'memory' | 'redis' | 'responder'
      readonly answer: OcspAnswer
      /** Not used from this instant on. */
      readonly until: Date
    }
  /** `asked`: whether a responder was asked just now. */
  | { readonly status: 'failed'; readonly cause: string; readonly asked: boolean }

/**
 * Looks further than this process's memory: the fleet's shared answers, then the responder, one lookup and one inquiry
 * under way a certificate. What verifies is remembered in memory, and what the responder said is shared.
 */
export class Lookup {
  readonly counts = newStatistics()
  readonly #options: RevocationOptions
  readonly #memory: MemoryCache
  readonly #parts: LookupParts
  readonly #random: Random
  readonly #failures: RecentFailures
  readonly #inquirer: Inquirer
  readonly #lookups = new SingleFlight<Found>()
  readonly #inquiries = new SingleFlight<Found>()

  constructor(options: RevocationOptions, memory: MemoryCache, parts: LookupParts) {
    this.#options = options
    this.#memory = memory
    this.#parts = parts
    this.#random = parts.random ?? Math.random
    this.#failures = new RecentFailures(options.cache.memory)
    this.#inquirer = new Inquirer(parts.client, options, parts.clock, ({ key }, rejected) =>
      this.#reject('responder', key, rejected),
    )
  }

  /** Whether a responder is being asked. */
  asking(key: string): boolean {
    return this.#inquiries.has(key)
  }

  /** The shared answer, else the responder's; a responder that failed a moment ago is not asked. Never rejects. */
  find(subject: Subject): Promise<Found> {
    return this.#lookups.join(subject.key, async () => {
      try {
        return (await this.#fromShared(subject)) ?? this.#failedLately(subject) ?? (await this.inquire(subject))
      } catch (error) {
        return failed(`internal: ${String(error)}`, false)
      }
    })
  }

  /** The responder's answer, whatever is remembered. Never rejects. */
  inquire(subject: Subject): Promise<Found> {
    return this.#inquiries.join(subject.key, async () => {
      try {
        return await this.#fromResponder(subject)
      } catch (error) {
        return failed(`internal: ${String(error)}`, true)
      }
    })
  }

  /** Resolves when what is under way now has ended. */
  async settled(): Promise<void> {
    await this.#lookups.settled()
    await this.#inquiries.settled()
  }

  async #fromShared(subject: Subject): Promise<Found | undefined> {
    const { shared, clock } = this.#parts
    const counts = this.counts.redis
    const read = await shared?.read(subject.key)
    if (read?.status === 'absent') counts.misses++
    if (read?.status === 'failed') counts.failures++
    if (read === undefined || read.status === 'absent' || read.status === 'failed') return undefined

    const at = clock()
    const verdict = verdictOnShared(subject, read, at, this.#options)
    if (verdict.status === 'rejected') {
      this.#reject('redis', subject.key, verdict)
      // An entry that claims to be the latest would otherwise keep every good answer out.
      void shared?.discard(subject.key, read)
      return undefined
    }
    const until = usableUntil(verdict.answer, at, this.#options.retention, verdict.leftMs)
    const found = this.#remember(subject.key, verdict.answer, { at, until, tier: 'redis' })
    if (found.status === 'failed' || found.until <= at) return undefined
    counts.hits++
    return found
  }

  #failedLately({ key }: Subject): Found | undefined {
    const cause = this.#failures.causeOf(key, this.#parts.clock())
    return cause === undefined ? undefined : failed(cause, false)
  }

  async #fromResponder(subject: Subject): Promise<Found> {
    const { key } = subject
    const { retention } = this.#options
    this.counts.responder.inquiries++
    const inquiry = await this.#inquirer.ask(subject)
    const at = this.#parts.clock()
    if (inquiry.status === 'failed') return this.#failedNow(key, inquiry.cause, at)

    const until = usableUntil(inquiry.answer, at, retention)
    const found = this.#remember(key, inquiry.answer, { at, until, tier: 'responder' })
    if (found.status === 'failed') return this.#failedNow(key, found.cause, at)
    this.counts.responder.answered++
    this.#failures.forget(key)
    // Nobody waits for Redis to have it.
    if (found.tier === 'responder') void this.#parts.shared?.write(key, found.answer, until.getTime() - at.getTime())
    return found
  }

  #failedNow(key: string, cause: string, at: Date): Found {
    this.counts.responder.failed++
    this.#failures.add(key, cause, failureUntil(at, this.#options.retention, this.#random))
    return failed(cause, true)
  }

  /** Remembers an answer that verified, unless a later one is known: then that one counts, while it is usable. */
  #remember(
    key: string,
    answer: OcspAnswer,
    { at, until, tier }: { readonly at: Date; readonly until: Date; readonly tier: 'redis' | 'responder' },
  ): Found {
    const untilMs = spread(until, at, this.#options.retention, this.#random).getTime()
    const candidate = { answer, untilMs, status: statusOf(answer, until, 'memory') }
    const remembered = this.#memory.remember(key, candidate)
    if (remembered === candidate) return { status: 'answered', tier, answer, until }

    const detail = `thisUpdate ${answer.thisUpdate.toISOString()}, known ${remembered.answer.thisUpdate.toISOString()}`
    this.#reject(tier, key, { code: 'older_than_known', detail })
    if (at.getTime() >= remembered.untilMs) return failed(`older_than_known ${detail}`, tier === 'responder')
    return { status: 'answered', tier: 'memory', answer: remembered.answer, until: new Date(remembered.untilMs) }
  }

  #reject(tier: 'redis' | 'responder', key: string, { code, detail }: Rejection): void {
    this.counts[tier].rejected++
    this.#parts.observer?.onRejected({ tier, key, code, detail })
  }
}

const failed = (cause: string, asked: boolean): Extract<Found, { status: 'failed' }> => ({
  ...{ status: 'failed', cause, asked },
})

/** Judges an entry as if a stranger had sent it: what stands beside the signed bytes may only make it worth less. */
function verdictOnShared(
  subject: Subject,
  read: Extract<SharedAnswer, { status: 'found' | 'rubbish' }>,
  at: Date,
  rules: VerificationRules,
):
  | { readonly status: 'accepted'; readonly answer: OcspAnswer; readonly leftMs: number | undefined }
  | (Rejection & { readonly status: 'rejected' }) {
  if (read.status === 'rubbish')
    return { status: 'rejected', code: 'unreadable', detail: `${read.stored.length} bytes` }
  const verdict = verdictOn(subject, read.der, at, rules)
  if (verdict.status === 'rejected') return verdict
  if (answerOrder(verdict) !== read.claimedOrder) {
    return { status: 'rejected', code: 'misordered', detail: `claims ${read.claimedOrder}` }
  }
  return { status: 'accepted', answer: verdict, leftMs: read.leftMs }
}
