import type { RegisteredCertificate } from '../domain/devapp.ts'

export interface RosterObserver {
  readonly added: (certificate: RegisteredCertificate) => void
  readonly removed: (certificate: RegisteredCertificate) => void
  /** Some were taken over, and something else may happen before the next ones. */
  readonly paused: () => void
}

/** How much is done at a time, so that requests pass in between: a few milliseconds. */
const slice = 1_024
const costOfKnown = 1
/** Its signature may have to be verified, and all of it is read. */
const costOfNew = 64

/**
 * The registered certificates, each once, told apart as objects. A new list of them is compared with the one before in slices: the first
 * at once, so that few certificates are taken over at once. Those that are no longer listed go after all others have come.
 */
export class Roster {
  readonly #observer: RosterObserver
  /** With the list that each was last seen in. */
  readonly #known = new Map<RegisteredCertificate, number>()
  #list = 0
  #seen = 0
  #rest: Iterator<RegisteredCertificate> | undefined
  #next: NodeJS.Immediate | undefined

  constructor(observer: RosterObserver) {
    this.#observer = observer
  }

  get certificates(): Iterable<RegisteredCertificate> {
    return this.#known.keys()
  }

  /** Takes over a list, in the place of one that is being taken over. */
  take(certificates: Iterable<RegisteredCertificate>): void {
    this.#list++
    this.#seen = 0
    this.#rest = certificates[Symbol.iterator]()
    this.#work()
  }

  /** Takes over nothing any more. */
  stop(): void {
    clearImmediate(this.#next)
    this.#rest = undefined
  }

  #work(): void {
    clearImmediate(this.#next)
    for (let cost = 0; cost < slice && this.#rest !== undefined; ) {
      const { value, done } = this.#rest.next()
      if (done === true) this.#finish()
      else cost += this.#see(value)
    }
    if (this.#rest !== undefined) this.#next = setImmediate(() => this.#work())
    this.#observer.paused()
  }

  #see(certificate: RegisteredCertificate): number {
    const list = this.#known.get(certificate)
    if (list === this.#list) return costOfKnown
    this.#seen++
    this.#known.set(certificate, this.#list)
    if (list !== undefined) return costOfKnown
    this.#observer.added(certificate)
    return costOfNew
  }

  #finish(): void {
    this.#rest = undefined
    if (this.#seen === this.#known.size) return
    for (const [certificate, list] of this.#known) {
      if (list === this.#list) continue
      this.#known.delete(certificate)
      this.#observer.removed(certificate)
    }
  }
}
