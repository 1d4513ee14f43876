import { LRUCache } from 'lru-cache'
import type { RevocationStatus } from '../domain/evidence.ts'
import type { OcspAnswer } from '../pki/ocsp_verification.ts'
import { replaces } from './retention.ts'

/** A verified answer. Past `untilMs` it is no longer used, and still tells which answers are older. */
export interface Remembered {
  readonly answer: OcspAnswer
  readonly untilMs: number
  /** What a request is told that finds it. */
  readonly status: RevocationStatus
}

/** Verified answers of this process, the least recently used forgotten first. */
export class MemoryCache {
  readonly #entries: LRUCache<string, Remembered>

  constructor({ maxEntries }: { readonly maxEntries: number }) {
    this.#entries = new LRUCache({ max: maxEntries })
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Remembered | undefined {
    return this.#entries.get(key)
  }

  /** The same, which does not count as a use. */
  peek(key: string): Remembered | undefined {
    return this.#entries.peek(key)
  }

  forget(key: string): void {
    this.#entries.delete(key)
  }

  /** What is remembered from now on: `candidate`, or what is known where that is later. */
  remember(key: string, candidate: Remembered): Remembered {
    const known = this.#entries.get(key)
    if (known !== undefined && !replaces(candidate.answer, known.answer)) return known
    this.#entries.set(key, candidate)
    return candidate
  }
}

/** The status that an answer gives a certificate, as found in a tier. */
export function statusOf(
  answer: OcspAnswer,
  until: Date,
  tier: 'memory' | 'redis' | 'responder',
): RevocationStatus & { readonly status: OcspAnswer['status'] } {
  const found = { source: 'ocsp', tier, thisUpdate: answer.thisUpdate, usableUntil: until } as const
  if (answer.status !== 'revoked') return { status: answer.status, ...found }
  return { status: 'revoked', reason: answer.revocationReason, revokedAt: answer.revokedAt, ...found }
}
