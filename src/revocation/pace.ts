import type { Clock } from '../ports.ts'
import type { After } from './timers.ts'

/** What a fleet does in turn. */
export interface FleetPace {
  /** Takes the next turn of the fleet: in how many milliseconds it is; `undefined` where the fleet cannot be asked. */
  reserve(intervalMs: number): Promise<number | undefined>
}

export interface PaceOptions {
  /** Turns a second. */
  readonly rate: number
  readonly clock: Clock
  readonly after: After
  readonly fleet?: FleetPace | undefined
}

/**
 * Turns at an even pace, without bursts, however long there was none: of the whole fleet where it can be asked, and of this
 * process in any case.
 */
export class Pace {
  readonly #intervalMs: number
  readonly #options: PaceOptions
  readonly #pending = new Set<() => void>()
  #nextMs = 0
  #ended = false

  constructor(options: PaceOptions) {
    this.#options = options
    this.#intervalMs = 1_000 / options.rate
  }

  /** Resolves when it is the caller's turn, or when the pace has ended. */
  async turn(): Promise<void> {
    const nowMs = this.#options.clock().getTime()
    const ownMs = Math.max(this.#nextMs, nowMs)
    this.#nextMs = ownMs + this.#intervalMs
    const fleetMs = (await this.#options.fleet?.reserve(this.#intervalMs)) ?? 0
    const waitMs = Math.max(ownMs - this.#options.clock().getTime(), fleetMs)
    if (waitMs <= 0 || this.#ended) return
    // A turn that the fleet puts off moves this process's own ones with it.
    this.#nextMs = Math.max(this.#nextMs, nowMs + waitMs + this.#intervalMs)
    await this.#wait(waitMs)
  }

  /** Nobody waits for a turn any more. */
  end(): void {
    this.#ended = true
    for (const resolve of this.#pending) resolve()
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        this.#pending.delete(done)
        resolve()
      }
      const cancel = this.#options.after(waitMs, done)
      this.#pending.add(done)
    })
  }
}
