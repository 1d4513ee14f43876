const firstDelayMs = 500
const longestDelayMs = 2_000

/**
 * Reads again, later, what the operating system did not let be read: descriptors had run out, or a file system was away. Nothing
 * tells when that has passed, since no file changes then. What was read and does not hold up is not read again.
 */
export class LaterReading {
  readonly #read: () => unknown
  #timer: NodeJS.Timeout | undefined
  #delayMs = firstDelayMs

  constructor(read: () => unknown) {
    this.#read = read
  }

  /** After a failure: reads again in half a second, then after twice as long each time, up to two seconds. Keeps no process alive. */
  failed(error: unknown): void {
    const bySystem = error instanceof Error && 'syscall' in error
    if (!bySystem) this.done()
    if (!bySystem || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#read()
    }, this.#delayMs).unref()
    this.#delayMs = Math.min(this.#delayMs * 2, longestDelayMs)
  }

  /** It was read. */
  done(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#delayMs = firstDelayMs
  }
}
