import { LRUCache } from 'lru-cache'

export interface Failure {
  readonly at: Date
  readonly cause: string
}

/** Certificates that nobody could answer for a moment ago, so that an outage is not made worse by asking. */
export class RecentFailures {
  readonly #failures: LRUCache<string, { readonly failure: Failure; readonly until: Date }>

  constructor({ maxEntries }: { readonly maxEntries: number }) {
    this.#failures = new LRUCache({ max: maxEntries })
  }

  /** Why the last inquiry failed; `undefined` where none did, or where that is long enough ago. */
  causeOf(key: string, at: Date): string | undefined {
    const known = this.#failures.get(key)
    return known !== undefined && at < known.until ? known.failure.cause : undefined
  }

  /** The last failure since something answered, however long ago. */
  lastOf(key: string): Failure | undefined {
    return this.#failures.peek(key)?.failure
  }

  add(key: string, failure: Failure, until: Date): void {
    this.#failures.set(key, { failure, until })
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }
}
