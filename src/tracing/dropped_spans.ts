import type { Logger } from '../ops/log.ts'
import type { DroppedSpans } from './span_queue.ts'

/** A receiver that is down says the same for every batch. */
const quietMs = 60_000

/** Warns of spans that nobody will see, at most once a minute, each time with how many there were since the last. */
export class DroppedSpansNotice {
  readonly #log: Pick<Logger, 'warn'>
  readonly #nowMs: () => number
  #spans = 0
  #quietUntilMs = Number.NEGATIVE_INFINITY

  /** `nowMs` never goes back. */
  constructor(log: Pick<Logger, 'warn'>, nowMs: () => number) {
    this.#log = log
    this.#nowMs = nowMs
  }

  add({ spans, reason, cause }: DroppedSpans): void {
    this.#spans += spans
    const nowMs = this.#nowMs()
    if (nowMs < this.#quietUntilMs) return
    this.#log.warn({ spans: this.#spans, reason, cause }, 'spans dropped: the tracing endpoint does not take them')
    this.#spans = 0
    this.#quietUntilMs = nowMs + quietMs
  }
}
