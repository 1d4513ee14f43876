/** Where a subcommand writes: the process's streams, or a test's. */
export interface Io {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

/** What a subcommand returns to the shell: done, refused by what it looked at, or called wrongly. */
export const exitCode = { done: 0, refused: 1, usage: 2 } as const
