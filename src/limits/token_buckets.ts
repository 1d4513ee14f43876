import { LRUCache } from 'lru-cache'

/** So many within `perMs`, evenly: who was silent that long may come so often at once. */
export interface Allowance {
  readonly requests: number
  readonly perMs: number
}

interface Bucket {
  /** As of `at`; fractions of one too. */
  readonly tokens: number
  readonly at: number
}

/** One key more than these makes the one that was longest silent start anew. */
const maxKeys = 10_000

/** Limits how often each key may come. Bounded: a flood of keys costs no more memory. */
export class TokenBuckets {
  readonly #buckets = new LRUCache<string, Bucket>({ max: maxKeys })

  /** Takes one, and returns 0; or takes none, and returns how many milliseconds to wait for the next. */
  take(key: string, { requests, perMs }: Allowance, at: Date): number {
    const now = at.getTime()
    const before = this.#buckets.get(key) ?? { tokens: requests, at: now }
    // A clock that is set back gives nothing.
    const earned = (Math.max(0, now - before.at) * requests) / perMs
    const tokens = Math.min(requests, before.tokens + earned)
    if (tokens < 1) return Math.ceil(((1 - tokens) * perMs) / requests)
    this.#buckets.set(key, { tokens: tokens - 1, at: now })
    return 0
  }
}
