import { setTimeout as pause } from 'node:timers/promises'
import type { Lab } from '../lab.ts'

/** What goes on again and again from a fault's beginning to its end. */
export class Meanwhile {
  #going = false
  #running: Promise<void> = Promise.resolve()

  begin(everyMs: number, work: () => Promise<unknown>): void {
    this.#going = true
    this.#running = (async () => {
      while (this.#going) {
        // What fails while something is broken is tried again.
        await work().catch(() => {})
        await pause(everyMs)
      }
    })()
  }

  async end(): Promise<void> {
    this.#going = false
    await this.#running
  }
}

/** Whether a number is greater than it was when the fault struck. */
export class Growth {
  readonly #read: (lab: Lab) => Promise<number> | number
  #before = Number.POSITIVE_INFINITY

  constructor(read: (lab: Lab) => Promise<number> | number) {
    this.#read = read
  }

  static ofMetric(name: string, labels: Readonly<Record<string, string>> = {}): Growth {
    return new Growth((lab) => lab.metric(name, labels))
  }

  static ofLog(text: string): Growth {
    return new Growth((lab) => lab.logged(text))
  }

  async begin(lab: Lab): Promise<void> {
    this.#before = await this.#read(lab)
  }

  readonly shows = async (lab: Lab): Promise<boolean> => (await this.#read(lab)) > this.#before
}
