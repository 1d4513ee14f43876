import type { DecisionRecord } from './decision_record.ts'

/** What a refused request brought along, as far as that helps to explain the refusal. */
export interface Presented {
  readonly host: string | undefined
  readonly sni: string | undefined
  /** DER of the leaf; absent where there was none, or a very long one. */
  readonly certificate: Uint8Array | undefined
  readonly commonName: string | undefined
  /** Of the certificate, lower-case hex. */
  readonly sha256: string | undefined
  /** Of HTTP Basic: only one that is registered, since what another says may be a misplaced secret. */
  readonly clientKey: string | undefined
}

export interface RecentDenial {
  /** Counts the refusals since the start, from 1. */
  readonly number: number
  readonly atMs: number
  readonly record: DecisionRecord
  readonly presented: Presented
}

/** Two hundred of them are some megabytes at most. */
const maxCertificateBytes = 16_384

/** The refusals of the last while, enforced or not: so many, and no more. Whoever follows is told of each one. */
export class RecentDenials {
  readonly #ring: (RecentDenial | undefined)[]
  readonly #followers = new Set<(denial: RecentDenial) => void>()
  #count = 0

  constructor(size: number) {
    this.#ring = new Array<RecentDenial | undefined>(size).fill(undefined)
  }

  add(record: DecisionRecord, presented: Presented, atMs: number): void {
    this.#count++
    const { certificate } = presented
    // A copy: what it is a part of may be large.
    const kept = certificate && certificate.length <= maxCertificateBytes ? certificate.slice() : undefined
    const denial = { number: this.#count, atMs, record, presented: { ...presented, certificate: kept } }
    this.#ring[this.#count % this.#ring.length] = denial
    for (const tell of this.#followers) tell(denial)
  }

  /** The latest first. */
  get all(): readonly RecentDenial[] {
    const found: RecentDenial[] = []
    for (let number = this.#count; number > Math.max(0, this.#count - this.#ring.length); number--) {
      const denial = this.get(number)
      if (denial !== undefined) found.push(denial)
    }
    return found
  }

  /** `undefined` where it has made room for others, or never was. */
  get(number: number): RecentDenial | undefined {
    const denial = this.#ring[number % this.#ring.length]
    return denial?.number === number ? denial : undefined
  }

  /** Those that come from now on. What it returns ends that. */
  follow(tell: (denial: RecentDenial) => void): () => void {
    this.#followers.add(tell)
    return () => void this.#followers.delete(tell)
  }
}
