import type { Recipe } from './mutators/edit.ts'

/** Something that reads what strangers send. */
export interface Target {
  readonly name: string
  /** Real messages: what they take is what mutants are measured by. */
  readonly seeds: readonly Uint8Array[]
  /** A mutant of one of them. */
  readonly mutant: (recipe: Recipe) => Uint8Array
  /**
   * Reads an input, and says in a word what came of it; `good` for what may let somebody in. Throws where a promise is broken.
   */
  readonly examine: (input: Uint8Array) => string | Promise<string>
  /** What somebody else says of an input that came out good; throws where that one refuses it. Dear: a process for each. */
  readonly secondOpinion?: (input: Uint8Array) => void
}

/** That a promise is broken; the message says which. */
export function broken(promise: string): never {
  throw new Error(promise)
}

/** What `read` returns, or what it throws, where that is of a kind that it may throw. */
export function valueOrError<T, E extends Error>(read: () => T, expected: abstract new (...any: never[]) => E): T | E {
  try {
    return read()
  } catch (error) {
    if (error instanceof expected) return error
    throw error
  }
}
