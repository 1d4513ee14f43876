import { sourceNetwork } from './source_network.ts'
import { TokenBuckets } from './token_buckets.ts'

export interface RateLimits {
  /** For each source. */
  readonly requests: number
  /** For all of them together. */
  readonly total: number
  readonly perMs: number
}

export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly by: 'source' | 'total'; readonly retryAfterMs: number }

const everybody = 'everybody'

/** Limits how often each source address may come, and all together. One that comes too often takes nothing from the others. */
export class RateLimit {
  readonly #sources = new TokenBuckets()
  readonly #total = new TokenBuckets()

  admit(source: string, { requests, total, perMs }: RateLimits, at: Date): Admission {
    const bySource = this.#sources.take(sourceNetwork(source), { requests, perMs }, at)
    if (bySource > 0) return { admitted: false, by: 'source', retryAfterMs: bySource }
    const byTotal = this.#total.take(everybody, { requests: total, perMs }, at)
    return byTotal > 0 ? { admitted: false, by: 'total', retryAfterMs: byTotal } : { admitted: true }
  }
}
