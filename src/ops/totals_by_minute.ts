import type { Minute } from './last_hour.ts'

const minuteMs = 60_000
/** One more than is shown, since each minute is the difference to the one before. */
const kept = 61

/** What counters that only ever grow did in each minute of the last hour, from looking at them now and then. */
export class TotalsByMinute {
  readonly #looks: { readonly minute: number; readonly totals: Readonly<Record<string, number>> }[] = []

  /** To be called at least once a minute. */
  look(totals: Readonly<Record<string, number>>, nowMs: number): void {
    const minute = Math.floor(nowMs / minuteMs)
    if (this.#looks.at(-1)?.minute === minute) this.#looks.pop()
    this.#looks.push({ minute, totals })
    if (this.#looks.length > kept) this.#looks.shift()
  }

  /** The minutes since the first look, the oldest first; the last one is under way. */
  get minutes(): readonly Minute[] {
    return this.#looks.slice(1).map(({ minute, totals }, index) => ({
      startMs: minute * minuteMs,
      counts: Object.fromEntries(
        Object.entries(totals).map(([name, total]) => [
          name,
          Math.max(0, total - (this.#looks[index]?.totals[name] ?? 0)),
        ]),
      ),
    }))
  }
}
