import type { Logger } from './log.ts'

/** The longest that a timer of Node.js waits. */
const maxTimerMs = 2 ** 31 - 1

interface InShadow {
  readonly policy: string
  readonly until: Date | undefined
}

export interface ShadowNoticeOptions {
  readonly log: Pick<Logger, 'warn'>
  readonly clock: () => Date
  /** The policies whose refusals are not enforced at `now`. */
  readonly inShadow: (now: Date) => readonly InShadow[]
}

/** Warns of every policy in shadow mode: at once, and whenever that changes, by the clock too. */
export class ShadowNotice {
  readonly #options: ShadowNoticeOptions
  #told = '[]'
  #timer: NodeJS.Timeout | undefined

  constructor(options: ShadowNoticeOptions) {
    this.#options = options
    this.renew()
  }

  /** Looks again; to be called when the configuration has changed. Says nothing where all is as it was. */
  renew(): void {
    clearTimeout(this.#timer)
    const { log, clock, inShadow } = this.#options
    const now = clock()
    const policies = inShadow(now)
    const words = JSON.stringify(policies)
    if (words !== this.#told) {
      if (policies.length > 0) log.warn({ policies }, 'SHADOW MODE: refusals under these policies are not enforced')
      else log.warn('shadow mode is over: every refusal is enforced')
    }
    this.#told = words
    const ends = policies.flatMap(({ until }) => until?.getTime() ?? [])
    if (ends.length === 0) return
    this.#timer = setTimeout(() => this.renew(), Math.min(Math.min(...ends) - now.getTime(), maxTimerMs))
    this.#timer.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
