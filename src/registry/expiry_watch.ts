import type { Clock } from '../ports.ts'
import { type Expiries, type Expiry, expiriesOf, type Horizon, type RegisteredLeaves } from './expiry.ts'

/** Told of certificates that came within a horizon since the last time. */
export interface ExpiryObserver {
  /** Once, at the first look: how many are within each horizon already. */
  readonly onFirstLook: (counts: Expiries['counts']) => void
  readonly onExpiry: (expiry: Expiry) => void
  /** That many more came at once than are named one by one. */
  readonly onMore: (count: number) => void
}

export interface ExpiryWatchOptions {
  readonly observer: ExpiryObserver
  readonly clock: Clock
  /** How long the first look is put off: at a large registry it takes a second. Default: not at all. */
  readonly firstLookInMs?: number | undefined
  /** Runs `run` in `delayMs` milliseconds; what it returns calls that off. */
  readonly after: (delayMs: number, run: () => void) => () => void
}

/** More at once say no more than their number: the nearest to their end are named. */
const mostNamed = 100

/** Changes come in bunches, and each look goes through all certificates. */
const settleMs = 10_000

/** Of a hundred thousand one crosses every minute; nobody needs to know it in that minute. */
const shortestMs = 600_000

/** A look a day, whatever happens: clocks are set, and timers end early or late. */
const longestMs = 86_400_000

/**
 * Notices once for each certificate and horizon that its end has come within: what is there at the first look, and what
 * changes and time bring. Sleeps until the next end is near enough.
 */
export class ExpiryWatch {
  readonly #options: ExpiryWatchOptions
  /** What was noticed already, by SHA-256. Only of certificates that are within a horizon, so it stays small. */
  #noticed: ReadonlyMap<string, Horizon> = new Map()
  #registered: RegisteredLeaves | undefined
  #counts: Expiries['counts'] | undefined
  #next: { readonly dueMs: number; readonly callOff: () => void } | undefined

  constructor(options: ExpiryWatchOptions) {
    this.#options = options
  }

  /** Watches these certificates from now on. What changes after the first look is looked at within ten seconds. */
  watch(registered: RegisteredLeaves): void {
    const { firstLookInMs = 0 } = this.#options
    this.#registered = registered
    if (this.#counts !== undefined) this.#lookIn(settleMs)
    else if (firstLookInMs > 0) this.#lookIn(firstLookInMs)
    else this.#look(registered)
  }

  /** How many certificates were within each horizon at the last look; `undefined` before the first. */
  get counts(): Expiries['counts'] | undefined {
    return this.#counts
  }

  stop(): void {
    this.#next?.callOff()
  }

  #look(registered: RegisteredLeaves): void {
    const { observer, clock } = this.#options
    const first = this.#counts === undefined
    const now = clock()
    const { soon, counts, nextCrossing } = expiriesOf(registered, now)
    this.#counts = counts
    if (first) observer.onFirstLook(counts)
    const news = soon.filter(({ certificate, horizon }) => this.#noticed.get(certificate.leaf.sha256) !== horizon)
    this.#noticed = new Map(soon.map(({ certificate, horizon }) => [certificate.leaf.sha256, horizon]))
    for (const expiry of news.slice(0, mostNamed)) observer.onExpiry(expiry)
    if (news.length > mostNamed) observer.onMore(news.length - mostNamed)
    const untilCrossing = nextCrossing === undefined ? longestMs : nextCrossing.getTime() - now.getTime()
    this.#lookIn(Math.min(Math.max(untilCrossing, shortestMs), longestMs))
  }

  /** Not put off by the next change: the earlier of the two stays. */
  #lookIn(delayMs: number): void {
    const { clock, after } = this.#options
    const dueMs = clock().getTime() + delayMs
    if (this.#next !== undefined && this.#next.dueMs <= dueMs) return
    this.#next?.callOff()
    const callOff = after(delayMs, () => {
      this.#next = undefined
      if (this.#registered !== undefined) this.#look(this.#registered)
    })
    this.#next = { dueMs, callOff }
  }
}
