import type { RegisteredCertificate } from '../domain/devapp.ts'
import type { Clock } from '../ports.ts'
import type { Lookup } from './lookup.ts'
import type { MemoryCache } from './memory_cache.ts'
import type { Pace } from './pace.ts'
import type { RefreshTimes } from './refresh_times.ts'
import { type Moment, Renewal } from './renewal.ts'
import type { Random } from './retention.ts'
import { Roster } from './roster.ts'
import { Schedule } from './schedule.ts'
import type { Subject, Subjects } from './subject.ts'
import type { After } from './timers.ts'

export interface RefresherParts {
  readonly lookup: Lookup
  readonly memory: MemoryCache
  readonly subjects: Subjects
  readonly pace: Pace
  /** Whether the fleet can be asked who asks; absent where there is none. */
  readonly fleetReady?: (() => boolean) | undefined
  readonly clock: Clock
  readonly after: After
  readonly random: Random
}

/** How many answers are looked up in Redis at a time, and wait for the pace. */
const batchSize = 8
/** A fleet that was told to forget does not act in step. */
const hastenedWithinMs = 250

/**
 * Keeps an answer for every registered certificate, ahead of the requests: asks at an even pace, once for the fleet where
 * that can be agreed upon, and again before an answer ends. One timer, however many certificates there are.
 */
export class Refresher {
  readonly #times: RefreshTimes
  readonly #parts: RefresherParts
  readonly #schedule = new Schedule<Renewal>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #renewals = new Map<string, Renewal>()
  readonly #roster: Roster
  #cancel: () => void = () => {}
  #working = false
  #stopped = false

  constructor(times: RefreshTimes, parts: RefresherParts) {
    this.#times = times
    this.#parts = parts
    this.#roster = new Roster({
      added: (certificate) => this.#lookAfter(certificate),
      removed: (certificate) => this.#leave(certificate),
      paused: () => this.#arm(),
    })
  }

  /**
   * The certificates to look after from now on, instead of those before; new ones are due at once, in no order. Many are taken
   * over one after another, and requests pass in between.
   */
  register(certificates: Iterable<RegisteredCertificate>): void {
    this.#roster.take(certificates)
  }

  /** What is registered, each with all that is asked about for it, also where there is nobody to be asked. */
  *eachRegistered(): Iterable<{ readonly certificate: RegisteredCertificate; readonly subjects: readonly Subject[] }> {
    const { subjects } = this.#parts
    for (const certificate of this.#roster.certificates) yield { certificate, subjects: subjects.chainOf(certificate) }
  }

  /** Everything that is asked about, one after another; a CA as often as certificates are below it. */
  *eachSubject(): Iterable<Subject> {
    for (const certificate of this.#roster.certificates) yield* this.#parts.subjects.chainOf(certificate)
  }

  /** When the certificate is looked at next; `undefined` while it is, or where it is not looked after. */
  nextRefresh(key: string): Date | undefined {
    const renewal = this.#renewals.get(key)
    return renewal === undefined || renewal.place < 0 ? undefined : new Date(renewal.dueMs)
  }

  /** Makes certificates due whose answers were forgotten. */
  hasten(keys: Iterable<string>): void {
    for (const key of keys) {
      const renewal = this.#renewals.get(key)
      renewal?.forget()
      // One that is under way is planned anew when that has ended.
      if (renewal !== undefined && renewal.place >= 0)
        this.#schedule.set(renewal, this.#nowMs() + this.#parts.random() * hastenedWithinMs)
    }
    this.#arm()
  }

  /** Begins nothing any more. Resolves when what was begun has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#roster.stop()
    this.#cancel()
    this.#parts.pace.end()
    await Promise.allSettled(this.#underWay)
  }

  #lookAfter(certificate: RegisteredCertificate): void {
    const { subjects, random } = this.#parts
    for (const subject of subjects.chainOf(certificate)) {
      if (subject.addresses.status !== 'named') continue
      const known = this.#renewals.get(subject.key)
      const renewal = known ?? new Renewal(subject, this.#times, random)
      renewal.subject = subject
      renewal.dependents++
      if (known !== undefined) continue
      this.#renewals.set(subject.key, renewal)
      // A fraction of a millisecond: processes that start together begin at different ends.
      this.#schedule.set(renewal, this.#nowMs() + random())
    }
  }

  #leave(certificate: RegisteredCertificate): void {
    for (const { key } of this.#parts.subjects.chainOf(certificate)) {
      const renewal = this.#renewals.get(key)
      if (renewal === undefined || --renewal.dependents > 0) continue
      this.#renewals.delete(key)
      this.#schedule.delete(renewal)
    }
  }

  #arm(): void {
    this.#cancel()
    const { nextMs } = this.#schedule
    if (this.#stopped || this.#working || nextMs === undefined) return
    this.#cancel = this.#parts.after(Math.max(0, nextMs - this.#nowMs()), () => this.#track(this.#work()))
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
  }

  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    while (!this.#stopped) {
      const due = this.#schedule.takeDue(this.#nowMs(), batchSize)
      if (due.length === 0) break
      const toAsk = await Promise.all(due.map((renewal) => this.#isToBeAsked(renewal)))
      for (const renewal of due.filter((_, index) => toAsk[index])) {
        await this.#parts.pace.turn()
        if (!this.#stopped && this.#isCurrent(renewal)) this.#track(this.#renew(renewal))
      }
    }
    this.#working = false
    this.#arm()
  }

  /** Whether neither memory nor the fleet has a new answer, and the responder may be asked now. */
  async #isToBeAsked(renewal: Renewal): Promise<boolean> {
    const { lookup, fleetReady } = this.#parts
    // It is refused anyway, and responders need not answer for it any longer.
    if (this.#nowMs() > renewal.subject.certificate.notAfter.getTime()) return false
    if (renewal.needsAnswer(this.#moment(renewal))) await lookup.recall(renewal.subject, true)
    if (!renewal.needsAnswer(this.#moment(renewal))) {
      lookup.counts.refresh.adopted++
      this.#set(renewal, renewal.adopted(this.#moment(renewal)))
      return false
    }
    if (renewal.alone || fleetReady?.() !== false) return true
    this.#set(renewal, renewal.leftAlone(this.#moment(renewal)))
    return false
  }

  async #renew(renewal: Renewal): Promise<void> {
    const { lookup } = this.#parts
    let nextMs: number | undefined
    const asked = (found: Parameters<Renewal['asked']>[0]): number => {
      const planned = renewal.asked(found, this.#moment(renewal))
      nextMs = planned.nextMs
      return planned.quietMs
    }
    const outcome = await lookup.renew(renewal.subject, {
      needed: () => renewal.needsAnswer(this.#moment(renewal)),
      quietLimitMs: renewal.longestQuietMs(this.#moment(renewal)),
      alone: renewal.alone,
      quietAfter: asked,
    })
    if (outcome.status === 'declined') {
      if (outcome.why === 'not_needed') lookup.counts.refresh.adopted++
      this.#set(renewal, renewal.declined(outcome, this.#moment(renewal)))
      return
    }
    lookup.counts.refresh[outcome.status]++
    // A request's inquiry that was joined.
    if (nextMs === undefined) asked(outcome)
    this.#set(renewal, nextMs ?? this.#nowMs())
  }

  #set(renewal: Renewal, dueMs: number): void {
    if (this.#isCurrent(renewal)) this.#schedule.set(renewal, dueMs)
    this.#arm()
  }

  /** False for one that was removed meanwhile, even where the certificate is registered anew. */
  #isCurrent(renewal: Renewal): boolean {
    return this.#renewals.get(renewal.subject.key) === renewal
  }

  #moment({ subject: { key } }: Renewal): Moment {
    const nowMs = this.#nowMs()
    const known = this.#parts.memory.peek(key)
    return { nowMs, known: known !== undefined && nowMs < known.untilMs ? known : undefined }
  }

  #nowMs(): number {
    return this.#parts.clock().getTime()
  }
}
