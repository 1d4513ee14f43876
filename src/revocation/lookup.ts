import { setTimeout as pause } from 'node:timers/promises'
import type { BreakerState } from '../breaker.ts'
import type { Clock } from '../ports.ts'
import type { SharedAnswers } from './answer_cache.ts'
import { Inquirer } from './inquiry.ts'
import { type Answered, KnownAnswers, type RejectionObserver } from './known_answers.ts'
import type { Leases } from './lease.ts'
import type { MemoryCache } from './memory_cache.ts'
import type { RevocationOptions } from './options.ts'
import { type Failure, RecentFailures } from './recent_failures.ts'
import type { ResponderClient } from './responder.ts'
import { failureUntil, type Random } from './retention.ts'
import { SingleFlight } from './single_flight.ts'
import { type Counters, newStatistics } from './statistics.ts'
import type { Subject } from './subject.ts'

export interface LookupParts {
  readonly client: ResponderClient
  readonly clock: Clock
  /** Answers that the fleet shares; absent where this process looks after itself. */
  readonly shared?: SharedAnswers | undefined
  /** By which the fleet agrees on who asks; absent where this process always asks itself. */
  readonly leases?: Leases | undefined
  /** Default: Math.random. */
  readonly random?: Random | undefined
  readonly observer?: RejectionObserver | undefined
  /** Counters to go on with; default: new ones. */
  readonly counts?: Counters | undefined
}

export type Found =
  /** `asked`: whether a responder was asked just now, by this process or by a neighbour. */
  (Answered | { readonly status: 'failed'; readonly cause: string }) & { readonly asked: boolean }

/** Why nobody was asked about a certificate that is to be renewed. */
export type Declined =
  /** The fleet's answer will do, or a neighbour is asking. */
  | { readonly status: 'declined'; readonly why: 'not_needed' | 'taken' | 'no_lease' }
  /** A neighbour asked, and says for how long nobody needs to. */
  | { readonly status: 'declined'; readonly why: 'quiet'; readonly leftMs: number }

export interface RenewalTerms {
  /** Whether a responder is still to be asked, once the fleet's answer has been looked at. */
  readonly needed: () => boolean
  /** For how long a neighbour's word is taken that nobody needs to ask. */
  readonly quietLimitMs: number
  /** Whether to ask where the fleet cannot be asked who does. */
  readonly alone: boolean
  /** For how long nobody of the fleet needs to ask again; 0 where the answer speaks for itself. */
  readonly quietAfter: (found: Found) => number
}

/** The pauses in which a process that waits for its neighbour's answer looks for it. */
const firstPauseMs = 15
const longestPauseMs = 100

/**
 * Looks further than this process's memory: the fleet's shared answers, then the responder; one lookup and one inquiry under
 * way a certificate, and one inquiry in the whole fleet while it can be agreed upon.
 */
export class Lookup {
  readonly counts: Counters
  readonly #options: RevocationOptions
  readonly #parts: LookupParts
  readonly #random: Random
  readonly #known: KnownAnswers
  readonly #failures: RecentFailures
  readonly #inquirer: Inquirer
  readonly #lookups = new SingleFlight<Found>()
  readonly #inquiries = new SingleFlight<Found | Declined>()

  constructor(options: RevocationOptions, memory: MemoryCache, parts: LookupParts) {
    this.#options = options
    this.#parts = parts
    this.counts = parts.counts ?? newStatistics()
    this.#random = parts.random ?? Math.random
    this.#known = new KnownAnswers(options, { ...parts, memory, random: this.#random, counts: this.counts })
    this.#failures = new RecentFailures(options.cache.memory)
    this.#inquirer = new Inquirer(parts.client, options, parts.clock, ({ key }, rejected) =>
      this.#known.reject('responder', key, rejected),
    )
  }

  /** Of every responder that was asked, by its origin. */
  get breakers(): ReadonlyMap<string, BreakerState> {
    return this.#inquirer.breakers
  }

  /** Whether a responder is being asked. */
  asking(key: string): boolean {
    return this.#inquiries.has(key)
  }

  lastFailure(key: string): Failure | undefined {
    return this.#failures.lastOf(key)
  }

  forgetFailure(key: string): void {
    this.#failures.forget(key)
  }

  /** The shared answer, else the responder's; a responder that failed a moment ago is not asked. Never rejects. */
  find(subject: Subject): Promise<Found> {
    return this.#lookups.join(subject.key, async () => {
      const known = (await this.recall(subject)) ?? this.#failedLately(subject)
      return known ?? (await this.#asked(subject, () => this.#askForRequest(subject)))
    })
  }

  /** The fleet's answer where it is the latest known and may be used. Never rejects. */
  async recall(subject: Subject, patiently = false): Promise<Found | undefined> {
    try {
      const recalled = await this.#known.recall(subject, patiently)
      return recalled && { ...recalled, asked: false }
    } catch (error) {
      return failed(`internal: ${String(error)}`, false)
    }
  }

  /** The responder's answer, whatever is remembered and whoever else is asking. Never rejects. */
  inquire(subject: Subject): Promise<Found> {
    return this.#asked(subject, async () => (await this.#fromResponder(subject)).found)
  }

  /** The responder's answer, asked for once in the fleet, unless that turns out not to be needed. Never rejects. */
  renew(subject: Subject, terms: RenewalTerms): Promise<Found | Declined> {
    return this.#inquiries.join(subject.key, () => guarded(() => this.#askForFleet(subject, terms)))
  }

  /** Resolves when what is under way now has ended. */
  async settled(): Promise<void> {
    await this.#lookups.settled()
    await this.#inquiries.settled()
  }

  /** Who joins a renewal that asks nobody asks for itself. */
  async #asked(subject: Subject, ask: () => Promise<Found>): Promise<Found> {
    for (;;) {
      const outcome = await this.#inquiries.join(subject.key, () => guarded(ask))
      if (outcome.status !== 'declined') return outcome
    }
  }

  /**
   * Waits while a neighbour is asking, for half of the request's time: a neighbour that died keeps its lease longer, and
   * enough has to be left for asking the responder.
   */
  async #askForRequest(subject: Subject): Promise<Found> {
    const { leases } = this.#parts
    const { failureMs } = this.#options.retention
    const patienceEnds = performance.now() + this.#options.timeoutMs / 2
    let pauseMs = 0
    for (;;) {
      // Who has waited for a neighbour shares its failure too.
      const lease = await leases?.acquire(subject.key, pauseMs === 0 ? 0 : failureMs)
      if (lease?.status === 'granted') {
        // A neighbour may have finished since Redis was looked at.
        const recalled = await this.#recallAsked(subject, pauseMs > 0)
        if (recalled !== undefined) void lease.release(0)
        if (recalled !== undefined) return recalled
        const { found, shared } = await this.#fromResponder(subject)
        void shared.then(() => lease.release(found.status === 'failed' ? failureMs : 0))
        return found
      }
      if (lease?.status === 'quiet') return failed('a neighbour got no answer', true)
      if (lease?.status !== 'taken' || performance.now() >= patienceEnds) break
      pauseMs = Math.min(pauseMs * 2 || firstPauseMs, longestPauseMs)
      await pause(pauseMs)
      const recalled = await this.#recallAsked(subject, true)
      if (recalled !== undefined) return recalled
    }
    return (await this.#fromResponder(subject)).found
  }

  async #recallAsked(subject: Subject, asked: boolean): Promise<Found | undefined> {
    const recalled = await this.#known.recall(subject)
    return recalled && { ...recalled, asked }
  }

  async #askForFleet(subject: Subject, terms: RenewalTerms): Promise<Found | Declined> {
    const lease = await this.#parts.leases?.acquire(subject.key, terms.quietLimitMs, true)
    this.#countLease(lease?.status)
    if (lease?.status === 'taken') return declined('taken')
    if (lease?.status === 'quiet') return { status: 'declined', why: 'quiet', leftMs: lease.leftMs }
    if (lease?.status === 'failed' && !terms.alone) return declined('no_lease')
    if (lease?.status === 'granted') {
      // The last holder may have finished since Redis was looked at.
      await this.#known.recall(subject, true)
      if (!terms.needed()) {
        await lease.release(0)
        return declined('not_needed')
      }
    }
    const { found, shared } = await this.#fromResponder(subject)
    const quietMs = terms.quietAfter(found)
    if (lease?.status === 'granted') void shared.then(() => lease.release(quietMs))
    return found
  }

  #countLease(status: 'granted' | 'taken' | 'quiet' | 'failed' | undefined): void {
    if (status !== undefined) this.counts.leases[status]++
  }

  #failedLately({ key }: Subject): Found | undefined {
    const cause = this.#failures.causeOf(key, this.#parts.clock())
    return cause === undefined ? undefined : failed(cause, false)
  }

  async #fromResponder(subject: Subject): Promise<{ readonly found: Found; readonly shared: Promise<void> }> {
    const { key } = subject
    this.counts.responder.inquiries++
    const inquiry = await this.#inquirer.ask(subject)
    const at = this.#parts.clock()
    const { shared, ...learnt } =
      inquiry.status === 'failed'
        ? { ...inquiry, shared: Promise.resolve() }
        : this.#known.learn(subject, inquiry.answer, at)
    if (learnt.status === 'failed') {
      this.counts.responder.failed++
      this.#failures.add(key, { at, cause: learnt.cause }, failureUntil(at, this.#options.retention, this.#random))
    } else {
      this.counts.responder.answered++
      this.#failures.forget(key)
    }
    return { found: { ...learnt, asked: true }, shared }
  }
}

const failed = (cause: string, asked: boolean): Found => ({ status: 'failed', cause, asked })

const declined = (why: 'not_needed' | 'taken' | 'no_lease'): Declined => ({ status: 'declined', why })

async function guarded<Outcome>(ask: () => Promise<Outcome>): Promise<Outcome | Found> {
  try {
    return await ask()
  } catch (error) {
    return failed(`internal: ${String(error)}`, true)
  }
}
