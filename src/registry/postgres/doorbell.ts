/** Lets one who waits know that there is something to do. However often it rang before, it was heard once. */
export class Doorbell {
  #rang = false
  #open: (() => void) | undefined

  ring(): void {
    this.#rang = true
    this.#open?.()
  }

  /** Resolves when it rings, at once where it rang since the last time; after `withinMs` at the latest. */
  async heard(withinMs: number): Promise<void> {
    if (!this.#rang) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs)
        this.#open = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#open = undefined
    this.#rang = false
  }
}
