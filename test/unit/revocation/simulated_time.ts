import type { After } from '../../../src/revocation/timers.ts'
import { fixedNow } from '../../support/pki.ts'

interface Timer {
  readonly dueMs: number
  readonly run: () => void
}

/** A clock and its timers, which move only when they are told to. */
export class SimulatedTime {
  #nowMs = fixedNow.getTime()
  readonly #timers = new Set<Timer>()

  get now(): Date {
    return new Date(this.#nowMs)
  }

  get timers(): number {
    return this.#timers.size
  }

  readonly read = (): Date => this.now

  readonly after: After = (delayMs, run) => {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets that much time pass, with all that becomes due meanwhile, each at its time. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settled()
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)
      if (next === undefined || next.dueMs > endMs) break
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.run()
      await settled()
    }
    this.#nowMs = endMs
  }
}

/** Resolves once nothing is left that waits for anything but timers and the network. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve))
}
