/** One thing that a process needs before it can decide. */
export interface Need {
  readonly name: string
  /** What is missing, in words; `undefined` where nothing is. */
  readonly missing: () => string | undefined
}

/** Whether the process takes requests, and why not. Liveness is another question: a process that waits for its registry lives. */
export class Readiness {
  readonly #needs: readonly Need[]
  readonly #subscribers = new Set<() => void>()
  #stopping = false
  #told: boolean | undefined

  constructor(needs: readonly Need[]) {
    this.#needs = needs
  }

  /** Everything that is missing, each with its name; empty for a process that is ready. */
  get missing(): readonly string[] {
    if (this.#stopping) return ['process: it is shutting down']
    return this.#needs.flatMap(({ name, missing }) => {
      const reason = missing()
      return reason === undefined ? [] : [`${name}: ${reason}`]
    })
  }

  get ready(): boolean {
    return this.missing.length === 0
  }

  /** Calls `tell` whenever `renew` finds another answer than before. */
  subscribe(tell: () => void): void {
    this.#subscribers.add(tell)
  }

  /** To be called when something that is needed came or went. */
  renew(): void {
    const { ready } = this
    if (ready === this.#told) return
    this.#told = ready
    for (const tell of this.#subscribers) tell()
  }

  /** From now on not ready, for good. */
  beginStopping(): void {
    this.#stopping = true
    this.renew()
  }
}
