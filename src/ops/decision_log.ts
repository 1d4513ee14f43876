import type { DecisionRecord } from './decision_record.ts'
import { type Logs, writeInfo } from './log.ts'

export interface DecisionLogOptions extends Logs {
  /** Of the requests that are allowed, the part that is logged: 0 to 1. */
  readonly sampleAllows: () => number
  /** Default: Math.random. */
  readonly random?: (() => number) | undefined
}

/**
 * One line a decision. Of what is simply allowed a sample may do: `sampled` is then for how many requests a line stands, those
 * since the last one included, so that all of them add up to the truth. What is refused, in shadow mode too, goes to the audit.
 */
export class DecisionLog {
  readonly #options: DecisionLogOptions
  #unlogged = 0

  constructor(options: DecisionLogOptions) {
    this.#options = options
  }

  add(record: DecisionRecord): void {
    const { log, audit, auditApart } = this.#options
    if (record.code === 'allow') {
      if (record.waived === undefined) this.#sample(record)
      else writeInfo(log, record, 'decision')
      return
    }
    // A fault of the service itself is an error.
    const level = record.code === 'internal_error' ? 'error' : 'info'
    audit[level](record, 'decision')
    if (auditApart) log[level](record, 'decision')
  }

  #sample(record: DecisionRecord): void {
    const { log, random = Math.random } = this.#options
    const sampleAllows = this.#options.sampleAllows()
    if (sampleAllows === 1 && this.#unlogged === 0) {
      writeInfo(log, record, 'decision')
      return
    }
    this.#unlogged++
    if (random() >= sampleAllows) return
    writeInfo(log, { ...record, sampled: this.#unlogged }, 'decision')
    this.#unlogged = 0
  }
}
