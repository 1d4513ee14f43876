import type { OcspAnswer } from '../pki/ocsp_verification.ts'
import type { Clock } from '../ports.ts'
import { answerOrder, type SharedAnswer, type SharedAnswers } from './answer_cache.ts'
import { type Rejected, type VerificationRules, verdictOn } from './inquiry.ts'
import { type MemoryCache, statusOf } from './memory_cache.ts'
import type { RevocationOptions } from './options.ts'
import { type Random, spread, usableUntil } from './retention.ts'
import type { Counters } from './statistics.ts'
import type { Subject } from './subject.ts'

export interface KnownAnswersParts {
  readonly memory: MemoryCache
  readonly clock: Clock
  readonly counts: Counters
  readonly random: Random
  /** Answers that the fleet shares; absent where this process looks after itself. */
  readonly shared?: SharedAnswers | undefined
  readonly observer?: RejectionObserver | undefined
}

export interface RejectionObserver {
  /** Told of bytes that claimed to be an answer for the CertID `key` and were not accepted. */
  onRejected(rejection: Rejection & { readonly tier: 'redis' | 'responder'; readonly key: string }): void
}

export interface Rejection {
  /** The broken rule; `unreadable` and `misordered` are about how an entry was stored. */
  readonly code: Rejected['code'] | 'unreadable' | 'misordered' | 'older_than_known'
  readonly detail: string
}

export interface Answered {
  readonly status: 'answered'
  /** `memory` where a later answer than the one just received is remembered. */
  readonly tier: 'memory' | 'redis' | 'responder'
  readonly answer: OcspAnswer
  /** Not used from this instant on. */
  readonly until: Date
}

/** How often an answer is offered to Redis where nobody waits for that. */
const sharingAttempts = 3

/** What this process remembers, over what the fleet shares: a verified answer gives way to later ones only. */
export class KnownAnswers {
  readonly #options: RevocationOptions
  readonly #parts: KnownAnswersParts

  constructor(options: RevocationOptions, parts: KnownAnswersParts) {
    this.#options = options
    this.#parts = parts
  }

  /** The shared answer, where it verifies, is the latest known and may be used: remembered from now on. */
  async recall(subject: Subject, patiently = false): Promise<Answered | undefined> {
    const { shared, clock, counts } = this.#parts
    const read = await shared?.read(subject.key, patiently)
    if (read?.status === 'absent') counts.redis.misses++
    if (read?.status === 'failed') counts.redis.failures++
    if (read === undefined || read.status === 'absent' || read.status === 'failed') return undefined

    const at = clock()
    const verdict = verdictOnShared(subject, read, at, this.#options)
    if (verdict.status === 'rejected') {
      this.reject('redis', subject.key, verdict)
      // An entry that claims to be the latest would otherwise keep every good answer out.
      void shared?.discard(subject.key, read)
      return undefined
    }
    if (verdict.leftMs <= 0) return this.#recallPast(subject, verdict.answer)
    const until = usableUntil(verdict.answer, at, this.#options.retention, verdict.leftMs)
    const found = this.#remember(subject.key, verdict.answer, { at, until, tier: 'redis' })
    if ('cause' in found || found.until <= at) return undefined
    counts.redis.hits++
    return found
  }

  /**
   * Remembers and shares what a responder said at `at`, or says why it is worth nothing. `shared` resolves when Redis has it,
   * or cannot be made to have it; no request waits for that.
   */
  learn(
    subject: Subject,
    answer: OcspAnswer,
    at: Date,
  ): (Answered | { readonly status: 'failed'; readonly cause: string }) & { readonly shared: Promise<void> } {
    const until = usableUntil(answer, at, this.#options.retention)
    const found = this.#remember(subject.key, answer, { at, until, tier: 'responder' })
    const latest = !('cause' in found) && found.tier === 'responder'
    return { ...found, shared: latest ? this.#share(subject, answer, until, at) : Promise.resolve() }
  }

  reject(tier: 'redis' | 'responder', key: string, { code, detail }: Rejection): void {
    this.#parts.counts[tier].rejected++
    this.#parts.observer?.onRejected({ tier, key, code, detail })
  }

  /** A revocation that may no longer be used is still what was last heard: no policy lets the certificate pass. */
  #recallPast({ key }: Subject, answer: OcspAnswer): undefined {
    this.#parts.counts.redis.misses++
    if (answer.status !== 'revoked') return
    const until = answer.thisUpdate
    this.#parts.memory.remember(key, {
      answer,
      untilMs: until.getTime(),
      status: statusOf(answer, until, 'memory'),
    })
  }

  async #share({ key, certificate }: Subject, answer: OcspAnswer, until: Date, at: Date): Promise<void> {
    // A revocation outlives its use, so that whoever starts meanwhile knows what was last heard.
    const keptUntil = answer.status === 'revoked' && certificate.notAfter > until ? certificate.notAfter : until
    for (let attempt = 1; attempt <= sharingAttempts; attempt++) {
      const keepMs = keptUntil.getTime() - at.getTime()
      if ((await this.#parts.shared?.write(key, answer, until, keepMs)) !== false) return
    }
  }

  /** Remembers an answer that verified, unless a later one is known: then that one counts, while it is usable. */
  #remember(
    key: string,
    answer: OcspAnswer,
    { at, until, tier }: { readonly at: Date; readonly until: Date; readonly tier: 'redis' | 'responder' },
  ): Answered | { readonly status: 'failed'; readonly cause: string } {
    const untilMs = spread(until, at, this.#options.retention, this.#parts.random).getTime()
    const candidate = { answer, untilMs, status: statusOf(answer, until, 'memory') }
    const remembered = this.#parts.memory.remember(key, candidate)
    if (remembered === candidate) return { status: 'answered', tier, answer, until }

    const detail = `thisUpdate ${answer.thisUpdate.toISOString()}, known ${remembered.answer.thisUpdate.toISOString()}`
    this.reject(tier, key, { code: 'older_than_known', detail })
    if (at.getTime() >= remembered.untilMs) return { status: 'failed', cause: `older_than_known ${detail}` }
    return { status: 'answered', tier: 'memory', answer: remembered.answer, until: new Date(remembered.untilMs) }
  }
}

/** Judges an entry as if a stranger had sent it: what stands beside the signed bytes may only make it worth less. */
function verdictOnShared(
  subject: Subject,
  read: Extract<SharedAnswer, { status: 'found' | 'rubbish' }>,
  at: Date,
  rules: VerificationRules,
):
  | { readonly status: 'accepted'; readonly answer: OcspAnswer; readonly leftMs: number }
  | (Rejection & { readonly status: 'rejected' }) {
  if (read.status === 'rubbish')
    return { status: 'rejected', code: 'unreadable', detail: `${read.stored.length} bytes` }
  const leftMs = read.claimedUntil.getTime() - at.getTime()
  // What is past its use is only asked whether it once held.
  const judgedAt = leftMs > 0 ? at : new Date(read.claimedUntil.getTime() - 1)
  const verdict = verdictOn(subject, read.der, judgedAt, rules)
  if (verdict.status === 'rejected') return verdict
  if (answerOrder(verdict) !== read.claimedOrder) {
    return { status: 'rejected', code: 'misordered', detail: `claims ${read.claimedOrder}` }
  }
  return { status: 'accepted', answer: verdict, leftMs }
}
