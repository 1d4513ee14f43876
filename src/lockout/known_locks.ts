import { LRUCache } from 'lru-cache'
import type { Lock } from './attempt_store.ts'
import { type Subject, type SubjectKind, subjectKinds } from './subject.ts'

/** Of each kind, so that those of a flood of ClientKeys push out no address. */
const maxLocks = 20_000

/** The locks in force that a process knows of. */
export class KnownLocks {
  readonly #locks: Readonly<Record<SubjectKind, LRUCache<string, Lock>>>

  constructor() {
    const cache = () => new LRUCache<string, Lock>({ max: maxLocks })
    this.#locks = { client_key: cache(), address: cache(), distributed: cache() }
  }

  /** Those that have ended and were not looked at since included. */
  get size(): number {
    return subjectKinds.reduce((sum, kind) => sum + this.#locks[kind].size, 0)
  }

  /** Lengthens one that is known, and never shortens it. */
  add(lock: Lock): void {
    const locks = this.#locks[lock.subject.kind]
    const known = locks.get(lock.subject.id)
    if (known === undefined || known.until < lock.until) locks.set(lock.subject.id, lock)
  }

  /** When it ends, in milliseconds since the epoch; 0 where there is none. */
  until(kind: SubjectKind, id: string): number {
    return this.#locks[kind].get(id)?.until ?? 0
  }

  /** Those that have not ended. The others are forgotten. */
  all(now: number): readonly Lock[] {
    return subjectKinds.flatMap((kind) =>
      [...this.#locks[kind].values()].filter(({ subject, until }) => {
        const lasts = now < until
        if (!lasts) this.#locks[kind].delete(subject.id)
        return lasts
      }),
    )
  }

  /** The subjects that were locked. */
  remove(ids: ReadonlySet<string>): readonly Subject[] {
    return subjectKinds.flatMap((kind) =>
      [...ids].flatMap((id) => {
        const lock = this.#locks[kind].get(id)
        this.#locks[kind].delete(id)
        return lock === undefined ? [] : [lock.subject]
      }),
    )
  }
}
