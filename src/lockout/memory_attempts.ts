import { LRUCache } from 'lru-cache'
import type { AttemptStore, Counted, Failure } from './attempt_store.ts'
import { type Attempts, afterFailure, noAttempts } from './attempts.ts'
import { type Subject, type SubjectKind, subjectKinds } from './subject.ts'

/** Of each kind, so that a flood of ClientKeys pushes out no address. */
const maxSubjects = 20_000

/** The failures that this process saw. */
export class MemoryAttempts implements AttemptStore {
  readonly #attempts: Readonly<Record<SubjectKind, LRUCache<string, Attempts>>>

  constructor({ max = maxSubjects }: { readonly max?: number } = {}) {
    const cache = () => new LRUCache<string, Attempts>({ max })
    this.#attempts = { client_key: cache(), address: cache(), distributed: cache() }
  }

  /** How many subjects are remembered. */
  get size(): number {
    return subjectKinds.reduce((sum, kind) => sum + this.#attempts[kind].size, 0)
  }

  record(failures: readonly Failure[], now: number): readonly Counted[] {
    return failures.map(({ subject, limit }) => {
      const attempts = this.#attempts[subject.kind]
      const before = attempts.get(subject.id) ?? noAttempts
      const after = afterFailure(before, limit, now)
      attempts.set(subject.id, after)
      return { ...after, began: after.lockedUntil > now && after.lockedUntil !== before.lockedUntil }
    })
  }

  of(kind: SubjectKind, id: string): Attempts {
    return this.#attempts[kind].get(id) ?? noAttempts
  }

  lift(subjects: readonly Subject[]): boolean {
    for (const { kind, id } of subjects) this.#attempts[kind].delete(id)
    return true
  }
}
