import { LRUCache } from 'lru-cache'

/** Certificates that nobody could answer for a moment ago, so that an outage is not made worse by asking. */
export class RecentFailures {
  readonly #failures: LRUCache<string, { readonly cause: string; readonly until: Date }>

  constructor({ maxEntries }: { readonly maxEntries: number }) {
    this.#failures = new LRUCache({ max: maxEntries })
  }

  /** Why the last inquiry failed; `undefined` where none did, or where that is long enough ago. */
  causeOf(key: string, at: Date): string | undefined {
    const failure = this.#failures.get(key)
    return failure !== undefined && at < failure.until ? failure.cause : undefined
  }

  add(key: string, cause: string, until: Date): void {
    this.#failures.set(key, { cause, until })
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }
}
