/** At most one piece of work under way for a key; whoever comes meanwhile shares its outcome. */
export class SingleFlight<Outcome> {
  readonly #underWay = new Map<string, Promise<Outcome>>()

  has(key: string): boolean {
    return this.#underWay.has(key)
  }

  /** `start` must not reject. */
  join(key: string, start: () => Promise<Outcome>): Promise<Outcome> {
    const underWay = this.#underWay.get(key)
    if (underWay !== undefined) return underWay
    const started = start().finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, started)
    return started
  }

  /** Resolves when all that is under way now has settled. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay.values())
  }
}
