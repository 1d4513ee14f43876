/** Runs `run` once, in `delayMs` milliseconds; what it returns calls that off. */
export type After = (delayMs: number, run: () => void) => () => void

/** The longest that a timer of Node.js waits; a longer one would fire at once. */
const longestMs = 2 ** 31 - 1

/** Real time. No timer of it keeps the process alive. */
export const after: After = (delayMs, run) => {
  const timer = setTimeout(run, Math.min(Math.max(0, delayMs), longestMs)).unref()
  return () => clearTimeout(timer)
}
