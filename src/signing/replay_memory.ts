/** Whether a signature is seen for the first time; `unknown` where that cannot be found out. */
export type Novelty =
  | { readonly status: 'new' }
  | { readonly status: 'seen' }
  | { readonly status: 'unknown'; readonly cause: string }

/** What signatures were used. Bounded: what it cannot remember is `unknown`, and never forgotten early for something newer. */
export interface ReplayMemory {
  /**
   * Whether `mark` has not been seen within the time it was to be remembered; it is from now on, for `forMs`. Of any number that ask
   * at once, one is told `new`. Never rejects.
   */
  firstUse(mark: string, forMs: number): Novelty | Promise<Novelty>
  close(): void
}
