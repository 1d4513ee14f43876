/** What happened within one minute. */
export interface Minute {
  /** Its beginning, in milliseconds since 1970. */
  readonly startMs: number
  /** By series, those that are not 0. */
  readonly counts: Readonly<Record<string, number>>
}

/** How long checks took, in milliseconds, to the bucket; `undefined` where there were none. */
export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

export interface LastHourOptions {
  /** Everything that is counted apart. What is none of these is not counted. */
  readonly series: readonly string[]
  /** Upper bounds of the buckets of durations, in milliseconds, ascending. */
  readonly boundsMs: readonly number[]
}

const minuteMs = 60_000
const minutes = 60

/**
 * The last hour, minute by minute: counts by series, and durations in buckets. Of a fixed size, and adding to it allocates
 * nothing: it is done for every request.
 */
export class LastHour {
  readonly #series: readonly string[]
  readonly #indexes: ReadonlyMap<string, number>
  readonly #boundsMs: Float64Array
  /** A row of counts for each minute of a ring. */
  readonly #counts: Uint32Array
  /** The same of durations, with one more for those above the last bound. */
  readonly #durations: Uint32Array
  /** The newest minute that was written to, since 1970. */
  #minute = Number.NEGATIVE_INFINITY

  constructor({ series, boundsMs }: LastHourOptions) {
    this.#series = series
    this.#indexes = new Map(series.map((name, index) => [name, index]))
    this.#boundsMs = Float64Array.from(boundsMs)
    this.#counts = new Uint32Array(minutes * series.length)
    this.#durations = new Uint32Array(minutes * (boundsMs.length + 1))
  }

  add(series: string, durationMs: number, nowMs: number): void {
    const index = this.#indexes.get(series)
    if (index === undefined) return
    const row = this.#rowOf(nowMs)
    const at = row * this.#series.length + index
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    let bucket = 0
    while (bucket < this.#boundsMs.length && durationMs > (this.#boundsMs[bucket] ?? 0)) bucket++
    const place = row * this.#width + bucket
    this.#durations[place] = (this.#durations[place] ?? 0) + 1
  }

  /** The last sixty minutes, the oldest first; the last one is under way. */
  minutesAt(nowMs: number): readonly Minute[] {
    const newest = Math.max(this.#minute, Math.floor(nowMs / minuteMs))
    return Array.from({ length: minutes }, (_, i): Minute => {
      const minute = newest - minutes + 1 + i
      return { startMs: minute * minuteMs, counts: this.#holds(minute) ? this.#countsOf(minute % minutes) : {} }
    })
  }

  /** Of the whole hour; or of each of the minutes that `minutesAt` gives. */
  latencyAt(nowMs: number): {
    readonly hour: Latency | undefined
    readonly byMinute: readonly (Latency | undefined)[]
  } {
    const rows = this.minutesAt(nowMs).map(({ startMs }) => {
      const minute = startMs / minuteMs
      return this.#holds(minute) ? this.#durationsOf(minute % minutes) : new Uint32Array(this.#width)
    })
    const hour = new Float64Array(this.#width)
    for (const row of rows) for (let i = 0; i < row.length; i++) hour[i] = (hour[i] ?? 0) + (row[i] ?? 0)
    return { hour: this.#latencyIn(hour), byMinute: rows.map((row) => this.#latencyIn(row)) }
  }

  get #width(): number {
    return this.#boundsMs.length + 1
  }

  /** Whether the ring still has the minute. */
  #holds(minute: number): boolean {
    return minute > this.#minute - minutes && minute <= this.#minute
  }

  /** What lies between the newest minute and this one is cleared. A clock that is set back adds to the newest. */
  #rowOf(nowMs: number): number {
    const minute = Math.floor(nowMs / minuteMs)
    if (minute > this.#minute) {
      const first = Math.max(this.#minute + 1, minute - minutes + 1)
      for (let each = first; each <= minute; each++) this.#clear(each % minutes)
      this.#minute = minute
    }
    return this.#minute % minutes
  }

  #clear(row: number): void {
    this.#counts.fill(0, row * this.#series.length, (row + 1) * this.#series.length)
    this.#durations.fill(0, row * this.#width, (row + 1) * this.#width)
  }

  #countsOf(row: number): Minute['counts'] {
    return Object.fromEntries(
      this.#series.flatMap((name, index) => {
        const count = this.#counts[row * this.#series.length + index] ?? 0
        return count === 0 ? [] : [[name, count]]
      }),
    )
  }

  #durationsOf(row: number): Uint32Array {
    return this.#durations.subarray(row * this.#width, (row + 1) * this.#width)
  }

  #latencyIn(buckets: ArrayLike<number> & Iterable<number>): Latency | undefined {
    let total = 0
    for (const count of buckets) total += count
    if (total === 0) return undefined
    return {
      p50: this.#quantile(buckets, 0.5 * total),
      p95: this.#quantile(buckets, 0.95 * total),
      p99: this.#quantile(buckets, 0.99 * total),
    }
  }

  /** Evenly within a bucket, as Prometheus's histogram_quantile; of those above the last bound, that bound. */
  #quantile(buckets: ArrayLike<number>, rank: number): number {
    let below = 0
    for (let bucket = 0; bucket < this.#boundsMs.length; bucket++) {
      const count = buckets[bucket] ?? 0
      const upper = this.#boundsMs[bucket] ?? 0
      const lower = bucket === 0 ? 0 : (this.#boundsMs[bucket - 1] ?? 0)
      if (count > 0 && below + count >= rank) return lower + ((upper - lower) * (rank - below)) / count
      below += count
    }
    return this.#boundsMs.at(-1) ?? 0
  }
}
