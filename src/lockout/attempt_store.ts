import type { Attempts, Limit } from './attempts.ts'
import type { Subject } from './subject.ts'

/** Counts failures: in the memory of a process, or for a fleet. Bounded: what is forgotten takes no room. */
export interface AttemptStore {
  /**
   * Counts one failure against each subject, as `afterFailure` says, and returns what came of it, in their order; `undefined`
   * where it could not be counted. However many count at once, `began` is true for one of them.
   */
  record(failures: readonly Failure[], now: number): Recorded | Promise<Recorded>
  /** Forgets the subjects, and their locks. Whether that could be done. */
  lift(subjects: readonly Subject[]): boolean | Promise<boolean>
}

export interface Failure {
  readonly subject: Subject
  readonly limit: Limit
}

export type Recorded = readonly Counted[] | undefined

export interface Counted extends Attempts {
  /** Whether this failure was the one that locked. */
  readonly began: boolean
}

/** A lock in force. */
export interface Lock {
  readonly subject: Subject
  readonly until: number
}
