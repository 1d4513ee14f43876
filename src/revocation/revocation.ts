import type { RegisteredCertificate } from '../domain/devapp.ts'
import type { CertificateStatus, RevocationStatus } from '../domain/evidence.ts'
import type { OcspAnswer } from '../pki/ocsp_verification.ts'
import type { Revocation } from '../ports.ts'
import type { FleetMemory } from './control.ts'
import { withCrl } from './crl/crl_fallback.ts'
import type { CrlSource, CrlView } from './crl/crl_source.ts'
import { type Found, Lookup, type LookupParts } from './lookup.ts'
import { MemoryCache, statusOf } from './memory_cache.ts'
import { OcspControl } from './ocsp_control.ts'
import type { RevocationOptions } from './options.ts'
import { type FleetPace, Pace } from './pace.ts'
import type { Failure } from './recent_failures.ts'
import { Refresher } from './refresher.ts'
import type { RevocationStatistics } from './statistics.ts'
import { type Subject, Subjects } from './subject.ts'
import { type After, after } from './timers.ts'

export interface RevocationParts extends LookupParts {
  /** By which the fleet keeps one pace; absent where this process keeps its own. */
  readonly fleetPace?: FleetPace | undefined
  /** Asked where OCSP gives no answer; absent where CRLs do not count. */
  readonly crls?: CrlSource | undefined
  /** How the fleet is made to forget. */
  readonly fleet?: FleetMemory | undefined
  /** Begins to hear what the fleet is to forget. */
  readonly listen?: ((onPurge: (keys: readonly string[]) => void) => { close(): void }) | undefined
  /** The DevApps that a certificate is registered with, for operators. */
  readonly ownersOf?: ((certificate: RegisteredCertificate) => readonly string[]) | undefined
  /** What an earlier one remembers, to go on with; default: nothing. */
  readonly memory?: MemoryCache | undefined
  /** For the refresher; default: real time. */
  readonly after?: After | undefined
}

/** What is known of a certificate that is asked about, for people. */
export interface KnownOfSubject {
  readonly subject: Subject
  /** The last verified OCSP answer, which may be past its use. */
  readonly answer: OcspAnswer | undefined
  /** Absent where CRLs do not count, or none was looked for. */
  readonly crl: CrlView | undefined
  /** Since something answered, however long ago. */
  readonly lastFailure: Failure | undefined
}

/**
 * What issuers say of registered certificates: from memory, else from the fleet's shared answers, else from the
 * responder, and where that gives no answer, from the CRL. Remembers signed answers, never verdicts: only what verified here is used, none past its nextUpdate
 * (RFC 6960 4.2.2.1), and none after a later one was seen.
 */
export class OcspRevocation implements Revocation {
  /** Keeps the answers there before they are asked for; begins when it is told what is registered. */
  readonly refresher: Refresher
  readonly control: OcspControl
  readonly #timeoutMs: number
  readonly #parts: RevocationParts
  readonly #subjects: Subjects
  readonly #memory: MemoryCache
  readonly #lookup: Lookup
  readonly #subscription: { close(): void } | undefined

  constructor(options: RevocationOptions, parts: RevocationParts) {
    this.#timeoutMs = options.timeoutMs
    this.#parts = parts
    this.#subjects = new Subjects(options)
    this.#memory = parts.memory ?? new MemoryCache(options.cache.memory)
    this.#lookup = new Lookup(options, this.#memory, parts)
    const { clock, leases, random = Math.random } = parts
    const timers = parts.after ?? after
    const pace = new Pace({ rate: options.refresh.rate, clock, after: timers, fleet: parts.fleetPace })
    const known = { lookup: this.#lookup, memory: this.#memory, subjects: this.#subjects, pace }
    this.refresher = new Refresher(options.refresh, {
      ...{ ...known, clock, after: timers, random },
      fleetReady: leases && (() => leases.ready),
    })
    this.control = new OcspControl({ ...parts, ...known, refresher: this.refresher })
    this.#subscription = parts.listen?.((keys) => this.control.forget(keys))
  }

  get statistics(): RevocationStatistics {
    return this.#lookup.counts
  }

  /**
   * The certificate's status at `at`, and its issuers' where they are asked about too: at once where memory has it, otherwise
   * within the timeout. Never rejects.
   */
  statusOf(certificate: RegisteredCertificate, at: Date): RevocationStatus | Promise<RevocationStatus> {
    const issuers = this.#subjects.issuersOf(certificate)
    const status = this.#statusFor(this.#subjects.of(certificate), at)
    if (issuers.length === 0) return status
    const statuses = issuers.map((issuer) => this.#statusFor(issuer, at))
    if (!(status instanceof Promise) && statuses.every((each) => !(each instanceof Promise)))
      return { ...status, issuers: statuses as CertificateStatus[] }
    return Promise.all([status, ...statuses]).then(([leafStatus, ...issuers]) => ({ ...leafStatus, issuers }))
  }

  /** Who answers for the certificate, and for its issuers where they are asked about too, and what is remembered. Asks nobody. */
  known(certificate: RegisteredCertificate): readonly KnownOfSubject[] {
    return this.#subjects.chainOf(certificate).map((subject) => ({
      subject,
      answer: this.#memory.peek(subject.key)?.answer,
      crl: this.#parts.crls?.view(subject),
      lastFailure: this.#lookup.lastFailure(subject.key),
    }))
  }

  /** The certificates to keep answers ready for from now on, instead of those before. Nobody waits for it. */
  register(certificates: Iterable<RegisteredCertificate>): void {
    this.refresher.register(certificates)
    void this.#parts.crls?.register(this.#subjectsOf(certificates))
  }

  /**
   * Asks the responder now, whatever is remembered, and remembers what it says; joins an inquiry that is under way.
   * What was remembered stays until a later answer has verified. Never rejects.
   */
  refresh(certificate: RegisteredCertificate): Promise<Found> {
    return this.#lookup.inquire(this.#subjects.of(certificate))
  }

  /** Counts a request that was allowed without an answer. */
  countWaived(waived: 'revocation_unavailable' | 'revocation_no_source'): void {
    this.#lookup.counts.waived[waived === 'revocation_unavailable' ? 'unavailable' : 'no_source']++
  }

  /** What another one may go on with, where the same rules hold for what is remembered. */
  get inheritance(): Pick<RevocationParts, 'memory' | 'counts'> {
    return { memory: this.#memory, counts: this.#lookup.counts }
  }

  /** Begins nothing any more, and closes once what is under way has ended by itself. */
  async retire(): Promise<void> {
    await this.refresher.stop()
    await this.#lookup.settled()
    await this.close()
  }

  /** Ends what is under way: who waits for it is told that nothing answered. */
  async close(): Promise<void> {
    const stopped = this.refresher.stop()
    this.#subscription?.close()
    await this.#parts.client.close()
    await this.#parts.crls?.close()
    this.#parts.shared?.close()
    await stopped
    await this.#lookup.settled()
  }

  *#subjectsOf(certificates: Iterable<RegisteredCertificate>): Iterable<Subject> {
    for (const certificate of certificates) yield* this.#subjects.chainOf(certificate)
  }

  #statusFor(subject: Subject, at: Date): CertificateStatus | Promise<CertificateStatus> {
    const { crls } = this.#parts
    const byOcsp = this.#statusOf(subject, at)
    return crls === undefined
      ? byOcsp
      : withCrl(byOcsp, () => crls.statusOf(subject, at), subject.tolerated.unavailable)
  }

  #statusOf(subject: Subject, at: Date): CertificateStatus | Promise<CertificateStatus> {
    const known = this.#memory.get(subject.key)
    if (known !== undefined && at.getTime() < known.untilMs) {
      this.#lookup.counts.memory.hits++
      return known.status
    }
    if (subject.addresses.status === 'no_source') {
      return { status: 'no_source', ...(subject.tolerated.no_source ? { tolerated: true } : {}) }
    }
    this.#lookup.counts.memory.misses++
    return this.#withinTimeout(subject)
  }

  /** A lookup outlives the requests that started it: its answer is there for the next ones. */
  #withinTimeout(subject: Subject): Promise<CertificateStatus> {
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
        if (found.asked) counts.waits++
        resolve(
          found.status === 'failed'
            ? this.#unavailable(subject, found.cause)
            : statusOf(found.answer, found.until, found.tier),
        )
      })
    })
  }

  #unavailable({ key, tolerated }: Subject, cause: string): CertificateStatus {
    const lastRevoked = this.#memory.get(key)?.answer.status === 'revoked'
    return { status: 'unavailable', cause, lastRevoked, ...(tolerated.unavailable ? { tolerated: true } : {}) }
  }
}
