import type { Clock } from '../ports.ts'
import type { Novelty, ReplayMemory } from './replay_memory.ts'

/** How often a full memory is searched for what may be forgotten, which takes some milliseconds. */
const sweepIntervalMs = 1_000

/** The signatures that this process has seen. Another process, and this one started anew, does not know them. */
export class MemoryReplays implements ReplayMemory {
  readonly #maxEntries: number
  readonly #clock: Clock
  /** When each may be forgotten, in milliseconds since 1970. */
  readonly #ends = new Map<string, number>()
  #sweptMs = Number.NEGATIVE_INFINITY

  constructor({ maxEntries, clock }: { readonly maxEntries: number; readonly clock: Clock }) {
    this.#maxEntries = maxEntries
    this.#clock = clock
  }

  get size(): number {
    return this.#ends.size
  }

  firstUse(mark: string, forMs: number): Novelty {
    const now = this.#clock().getTime()
    const end = this.#ends.get(mark)
    if (end !== undefined && end > now) return { status: 'seen' }
    this.#ends.delete(mark)
    if (this.#ends.size >= this.#maxEntries) this.#sweep(now)
    if (this.#ends.size >= this.#maxEntries)
      return { status: 'unknown', cause: `${this.#maxEntries} signatures are remembered, and no more can be` }
    this.#ends.set(mark, now + forMs)
    return { status: 'new' }
  }

  close(): void {
    this.#ends.clear()
  }

  #sweep(now: number): void {
    if (now - this.#sweptMs < sweepIntervalMs) return
    this.#sweptMs = now
    for (const [mark, end] of this.#ends) if (end <= now) this.#ends.delete(mark)
  }
}
