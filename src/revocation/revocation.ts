import type { RegisteredCertificate } from '../domain/devapp.ts'
import type { RevocationStatus } from '../domain/evidence.ts'
import type { Revocation } from '../ports.ts'
import { type Found, Lookup, type LookupParts } from './lookup.ts'
import { MemoryCache, statusOf } from './memory_cache.ts'
import type { RevocationOptions } from './options.ts'
import type { RevocationStatistics } from './statistics.ts'
import { type Subject, Subjects } from './subject.ts'

/**
 * What issuers say of registered certificates: from memory, else from the fleet's shared answers, else from the
 * responder. Remembers signed answers, never verdicts: only what verified here is used, none past its nextUpdate
 * (RFC 6960 4.2.2.1), and none after a later one was seen.
 */
export class OcspRevocation implements Revocation {
  readonly #timeoutMs: number
  readonly #parts: LookupParts
  readonly #subjects: Subjects
  readonly #memory: MemoryCache
  readonly #lookup: Lookup

  constructor(options: RevocationOptions, parts: LookupParts) {
    this.#timeoutMs = options.timeoutMs
    this.#parts = parts
    this.#subjects = new Subjects(options)
    this.#memory = new MemoryCache(options.cache.memory)
    this.#lookup = new Lookup(options, this.#memory, parts)
  }

  get statistics(): RevocationStatistics {
    return this.#lookup.counts
  }

  /** The certificate's status at `at`: at once where memory has it, otherwise within the timeout. Never rejects. */
  statusOf(certificate: RegisteredCertificate, at: Date): RevocationStatus | Promise<RevocationStatus> {
    const subject = this.#subjects.of(certificate)
    const known = this.#memory.get(subject.key)
    if (known !== undefined && at.getTime() < known.untilMs) {
      this.#lookup.counts.memory.hits++
      return known.status
    }
    if (subject.addresses.status === 'no_source') return { status: 'no_source' }
    this.#lookup.counts.memory.misses++
    return this.#withinTimeout(subject)
  }

  /**
   * Asks the responder now, whatever is remembered, and remembers what it says; joins an inquiry that is under way.
   * What was remembered stays until a later answer has verified. Never rejects.
   */
  refresh(certificate: RegisteredCertificate): Promise<Found> {
    return this.#lookup.inquire(this.#subjects.of(certificate))
  }

  /** Ends what is under way: who waits for it is told that nothing answered. */
  async close(): Promise<void> {
    this.#parts.shared?.close()
    await this.#parts.client.close()
    await this.#lookup.settled()
  }

  /** A lookup outlives the requests that started it: its answer is there for the next ones. */
  #withinTimeout(subject: Subject): Promise<RevocationStatus> {
    const { counts } = this.#lookup
    return new Promise((resolve) => {
      let late = false
      const timer = setTimeout(() => {
        late = true
        counts.late++
        if (this.#lookup.asking(subject.key)) counts.waits++
        resolve(this.#unavailable(subject, `no answer within ${this.#timeoutMs} ms`))
      }, this.#timeoutMs)
      this.#lookup.find(subject).then((found) => {
        if (late) return
        clearTimeout(timer)
        if (found.status === 'failed' ? found.asked : found.tier === 'responder') counts.waits++
        resolve(
          found.status === 'failed'
            ? this.#unavailable(subject, found.cause)
            : statusOf(found.answer, found.until, found.tier),
        )
      })
    })
  }

  #unavailable({ key }: Subject, cause: string): RevocationStatus {
    return { status: 'unavailable', cause, lastRevoked: this.#memory.get(key)?.answer.status === 'revoked' }
  }
}
