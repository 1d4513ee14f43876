/** One request to a responder. */
export interface Fetch {
  /** Scheme, host and port. */
  readonly responder: string
  /** `answered`, or what went wrong. */
  readonly outcome: string
  readonly durationMs: number
}

/** What a responder did lately. */
export interface ResponderRecord {
  readonly responder: string
  readonly requests: number
  readonly failures: number
  /** Of the last requests, in milliseconds. */
  readonly medianMs: number
  readonly longestMs: number
  readonly lastMs: number
  readonly lastError: { readonly atMs: number; readonly cause: string } | undefined
}

/** Third parties' certificates name responders, without end. */
const mostResponders = 50
const durationsKept = 64

interface Kept {
  requests: number
  failures: number
  readonly durations: number[]
  lastMs: number
  lastError: ResponderRecord['lastError']
}

/** What responders did lately, for people: so many responders and durations, and no more. */
export class RecentFetches {
  readonly #kept = new Map<string, Kept>()

  add({ responder, outcome, durationMs }: Fetch, atMs: number): void {
    const known = this.#kept.get(responder)
    if (known === undefined && this.#kept.size >= mostResponders) return
    const kept = known ?? { requests: 0, failures: 0, durations: [], lastMs: atMs, lastError: undefined }
    this.#kept.set(responder, kept)
    kept.durations[kept.requests % durationsKept] = durationMs
    kept.requests++
    kept.lastMs = atMs
    if (outcome === 'answered') return
    kept.failures++
    kept.lastError = { atMs, cause: outcome }
  }

  /** In the order of their first request. */
  get responders(): readonly ResponderRecord[] {
    return [...this.#kept].map(([responder, { requests, failures, durations, lastMs, lastError }]) => {
      const ascending = [...durations].sort((a, b) => a - b)
      return {
        ...{ responder, requests, failures, lastMs, lastError },
        medianMs: ascending[Math.floor(ascending.length / 2)] ?? 0,
        longestMs: ascending.at(-1) ?? 0,
      }
    })
  }
}
