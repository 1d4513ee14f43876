import { answerOrder } from './answer_cache.ts'
import type { Declined, Found } from './lookup.ts'
import type { Remembered } from './memory_cache.ts'
import { type RefreshTimes, refreshAt, retryAt } from './refresh_times.ts'
import type { Random } from './retention.ts'
import { type Scheduled, unscheduled } from './schedule.ts'
import type { Subject } from './subject.ts'

/** The pauses before looking again for the answer that a neighbour is getting. */
const firstYieldMs = 50
const longestYieldMs = 1_000
/** A moment in which Redis is slow does not set every process on its own. */
const attemptsToBeHeard = 2
/** Where there is no answer yet, the fleet is not waited for much longer than a new connection takes. */
const coldSpreadMs = 1_000

/** What is remembered and may be used at that time. */
export interface Moment {
  readonly nowMs: number
  readonly known: Remembered | undefined
}

/** How the renewal of one certificate's answer goes: when it is looked at next, in milliseconds since the epoch. */
export class Renewal implements Scheduled {
  subject: Subject
  dueMs = unscheduled.dueMs
  place = unscheduled.place
  /** How many registered certificates it is for. */
  dependents = 0
  readonly #times: RefreshTimes
  readonly #random: Random
  /** What was the latest answer when the next look was planned. */
  #plannedFor: string | undefined
  /** In a row. */
  #failures = 0
  /** How often in a row a neighbour was found asking. */
  #yields = 0
  /** How often in a row the fleet could not be asked. */
  #unheard = 0

  constructor(subject: Subject, times: RefreshTimes, random: Random) {
    this.subject = subject
    this.#times = times
    this.#random = random
  }

  /** Whether the fleet could not be asked again and again: this process asks by itself then. */
  get alone(): boolean {
    return this.#unheard >= attemptsToBeHeard
  }

  /** Whether there is no answer that may be used, or only the one that is to be replaced. */
  needsAnswer({ known }: Moment): boolean {
    return known === undefined || (this.#plannedFor !== undefined && answerOrder(known.answer) <= this.#plannedFor)
  }

  /** What was remembered was forgotten. */
  forget(): void {
    this.#plannedFor = undefined
  }

  /** An answer is there that nobody had to be asked for. */
  adopted(moment: Moment): number {
    this.#settle(0)
    return this.#plan(moment, this.#nextMs(moment))
  }

  /** This process asked. `quietMs`: for how long the fleet does not need to, which a new answer says by itself. */
  asked(found: Found, moment: Moment): { readonly nextMs: number; readonly quietMs: number } {
    const { known, nowMs } = moment
    const isNew = found.status === 'answered' && known !== undefined && answerOrder(known.answer) !== this.#plannedFor
    this.#settle(found.status === 'failed' ? this.#failures + 1 : 0)
    const nextMs = this.#plan(moment, this.#nextMs(moment))
    return { nextMs, quietMs: isNew ? 0 : nextMs - nowMs }
  }

  /** Nobody was asked. */
  declined(declined: Declined, moment: Moment): number {
    switch (declined.why) {
      case 'not_needed':
        return this.adopted(moment)
      case 'no_lease':
        return this.leftAlone(moment)
      case 'quiet':
        // The neighbour's attempt brought nothing new: as good as one of our own.
        this.#failures++
        return this.#plan(moment, moment.nowMs + declined.leftMs + this.#random() * firstYieldMs)
      case 'taken': {
        const pauseMs = Math.min(firstYieldMs * 2 ** this.#yields++, longestYieldMs)
        return this.#plan(moment, moment.nowMs + pauseMs * (1 + this.#random()))
      }
    }
  }

  /** The fleet cannot be asked: each process is to ask at another time, well before the answer ends. */
  leftAlone(moment: Moment): number {
    const { known, nowMs } = moment
    const withinMs = known === undefined ? coldSpreadMs : (known.untilMs - nowMs) / 4
    this.#unheard++
    return this.#plan(moment, nowMs + withinMs * this.#random())
  }

  /** A neighbour never asks for longer quiet than this process would have planned for itself. */
  longestQuietMs({ known, nowMs }: Moment): number {
    const { at, maxRetryMs } = this.#times
    return Math.max(maxRetryMs, known === undefined ? 0 : (known.untilMs - nowMs) * at)
  }

  #settle(failures: number): void {
    this.#failures = failures
    this.#yields = 0
    this.#unheard = 0
  }

  #nextMs({ known, nowMs }: Moment): number {
    return this.#failures > 0 || known === undefined
      ? retryAt(Math.max(this.#failures, 1), known?.untilMs, nowMs, this.#times, this.#random)
      : refreshAt(known.answer, known.untilMs, nowMs, this.#times, this.#random)
  }

  #plan({ known }: Moment, nextMs: number): number {
    this.#plannedFor = known && answerOrder(known.answer)
    return nextMs
  }
}
