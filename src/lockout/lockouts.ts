import { LRUCache } from 'lru-cache'
import type { SecretLock } from '../domain/evidence.ts'
import { sourceNetwork } from '../limits/source_network.ts'
import type { Attempts as AttemptsPort, SecretAttempt } from '../ports.ts'
import { refusalOf } from './admission.ts'
import type { AttemptStore, Counted, Lock, Recorded } from './attempt_store.ts'
import { hasFailed, type Limit, skewMs } from './attempts.ts'
import { KnownLocks } from './known_locks.ts'
import { MemoryAttempts } from './memory_attempts.ts'
import { type Attempt, clientKeyHashOf, type Subject, type SubjectKind, subjectId, subjectsOf } from './subject.ts'

/** `undefined` where failures are not counted. */
export type LockoutLimits = Readonly<Record<SubjectKind, Limit>> | undefined

/** What a process has of its fleet. */
export interface Fleet extends AttemptStore {
  readonly ready: boolean
  close(): void
}

export interface FleetListener {
  readonly onLocked: (lock: Lock) => void
  readonly onLifted: (ids: ReadonlySet<string>) => void
  readonly clock: () => Date
}

export interface LockoutObserver {
  /** A lock that a failure at this process began: told once in a fleet. */
  readonly onBegan: (lock: Lock & { readonly devApp: string | undefined; readonly locks: number }) => void
  readonly onRefused: (by: SecretLock['by']) => void
  /** By an operator, at this process. */
  readonly onLifted: (locks: readonly Lock[]) => void
}

export interface LockoutsOptions {
  /** Read anew for each attempt, so that a reload is in force for the next one. */
  readonly limits: () => LockoutLimits
  readonly observer: LockoutObserver
  readonly openFleet?: ((listener: FleetListener) => Fleet) | undefined
  readonly clock: () => Date
}

/** Which locks are to be lifted. */
export type LockSelection =
  | { readonly kind: 'client_key'; readonly clientKey: string }
  | { readonly kind: 'source'; readonly address: string }
  | { readonly kind: 'all' }

/** For so long a right secret speaks for its network. */
const provenMs = 24 * 3_600_000
const maxProven = 20_000
/** More failures than these wait for Redis at once: the rest count in this process alone. */
const maxUnderWay = 256

/**
 * Slows down who guesses ClientSecrets. Whoever is not locked is asked nothing, whoever has the right secret counts nothing, and
 * nobody waits for Redis: a failure is counted here at once, and by the fleet afterwards.
 */
export class Lockouts implements AttemptsPort {
  readonly #options: LockoutsOptions
  readonly #failures = new MemoryAttempts()
  readonly #locks = new KnownLocks()
  readonly #proven = new LRUCache<string, number>({ max: maxProven })
  #fleet: Fleet | undefined
  #underWay = 0

  constructor(options: LockoutsOptions) {
    this.#options = options
    this.share(options.openFleet)
  }

  /** Counts with another fleet, or with none, from now on. */
  share(openFleet: LockoutsOptions['openFleet']): void {
    this.#fleet?.close()
    this.#fleet = openFleet?.({
      onLocked: (lock) => this.#learn(lock),
      onLifted: (ids) => this.#forget(ids),
      clock: this.#options.clock,
    })
  }

  lockOf(attempt: SecretAttempt, at: Date): SecretLock | undefined {
    // What nobody is locked by costs nothing, whichever ClientKey comes.
    if (this.#locks.size === 0 || this.#options.limits() === undefined) return undefined
    const now = at.getTime()
    const tried = triedFrom(attempt)
    const until = (kind: SubjectKind): number => this.#locks.until(kind, subjectId(kind, tried))
    const failures = this.#failures.of('client_key', subjectId('client_key', tried))
    const refusal = refusalOf(
      {
        ...{ clientKey: until('client_key'), address: until('address'), distributed: until('distributed') },
        proven: (this.#proven.get(provenName(tried)) ?? 0) > now,
        failed: hasFailed(failures, now),
      },
      now,
    )
    if (refusal === undefined) return undefined
    this.#options.observer.onRefused(refusal.by)
    return { by: refusal.by, retryAfterMs: refusal.until - now }
  }

  succeeded(attempt: SecretAttempt, at: Date): void {
    this.#proven.set(provenName(triedFrom(attempt)), at.getTime() + provenMs)
  }

  failed(attempt: SecretAttempt, devApp: string | undefined, at: Date): void {
    const limits = this.#options.limits()
    if (limits === undefined) return
    const now = at.getTime()
    const failures = subjectsOf(triedFrom(attempt)).map((subject) => ({ subject, limit: limits[subject.kind] }))
    const here = this.#failures.record(failures, now)
    const subjects = failures.map(({ subject }) => subject)
    this.#take(subjects, here, now)
    void this.#shared(failures, now).then((fleet) => {
      this.#take(subjects, fleet ?? [], now)
      this.#tellBegun(subjects, here, fleet, devApp, now)
    })
  }

  /** The locks that this process knows of, those of its fleet included. */
  locks(at: Date): readonly Lock[] {
    return this.#locks.all(at.getTime())
  }

  /** Whether there is a fleet, and it can be told. */
  get fleet(): 'connected' | 'away' | undefined {
    return this.#fleet && (this.#fleet.ready ? 'connected' : 'away')
  }

  /** Lifts locks, and forgets what led to them, here and in the fleet; `fleet` is whether that could be told. */
  async lift(selection: LockSelection, at: Date): Promise<{ readonly lifted: number; readonly fleet: boolean }> {
    const locks = this.locks(at).filter(({ subject }) => isSelected(subject, selection))
    const subjects = locks.map(({ subject }) => subject)
    if (locks.length > 0) this.#options.observer.onLifted(locks)
    this.#forget(new Set(subjects.map(({ id }) => id)))
    const fleet = subjects.length === 0 || this.#fleet === undefined || (await this.#fleet.lift(subjects))
    return { lifted: subjects.length, fleet }
  }

  close(): void {
    this.#fleet?.close()
    this.#fleet = undefined
  }

  async #shared(failures: Parameters<AttemptStore['record']>[0], now: number): Promise<Recorded> {
    if (this.#fleet === undefined || this.#underWay >= maxUnderWay) return undefined
    this.#underWay++
    try {
      return await this.#fleet.record(failures, now)
    } finally {
      this.#underWay--
    }
  }

  #take(subjects: readonly Subject[], counted: readonly Counted[], now: number): void {
    counted.forEach(({ lockedUntil }, index) => {
      const subject = subjects[index]
      if (subject !== undefined && now < lockedUntil) this.#locks.add({ subject, until: lockedUntil })
    })
  }

  /** In a fleet, by the one whose failure it counted last; without one, by this process. */
  #tellBegun(
    subjects: readonly Subject[],
    here: readonly Counted[],
    fleet: Recorded,
    devApp: string | undefined,
    now: number,
  ): void {
    subjects.forEach((subject, index) => {
      const [mine, ours] = [here[index], fleet?.[index]]
      const begun = ours?.began ? ours : mine?.began && (ours?.lockedUntil ?? 0) <= now ? mine : undefined
      if (begun === undefined) return
      this.#options.observer.onBegan({
        ...{ subject, until: begun.lockedUntil, locks: begun.locks },
        devApp: subject.clientKeyHash === undefined ? undefined : devApp,
      })
    })
  }

  /** Of a neighbour. One that claims to last longer than any is rubbish. */
  #learn(lock: Lock): void {
    const now = this.#options.clock().getTime()
    const limit = this.#options.limits()?.[lock.subject.kind]
    if (limit !== undefined && now < lock.until && lock.until - now <= limit.maxLockMs + skewMs) this.#locks.add(lock)
  }

  #forget(ids: ReadonlySet<string>): void {
    this.#failures.lift(this.#locks.remove(ids))
  }
}

const triedFrom = ({ clientKey, source }: SecretAttempt): Attempt => ({ clientKey, network: sourceNetwork(source) })

/** Only of ClientKeys that are registered, which are short. */
const provenName = ({ clientKey, network }: Attempt): string => `${clientKey}\0${network}`

function isSelected(subject: Subject, selection: LockSelection): boolean {
  switch (selection.kind) {
    case 'client_key':
      return subject.clientKeyHash === clientKeyHashOf(selection.clientKey)
    case 'source':
      return subject.network === sourceNetwork(selection.address)
    case 'all':
      return true
  }
}
