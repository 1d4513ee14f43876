/** One reading of one process. */
export interface Sample {
  /** Since the start. */
  readonly seconds: number
  readonly value: number
}

export interface Flatness {
  /** Of the second half. */
  readonly mean: number
  /** What the straight line through the second half gains from its beginning to its end. */
  readonly gain: number
}

/** By least squares, over the second half: the first is for caches to fill and code to be compiled. */
export function flatnessOf(samples: readonly Sample[]): Flatness {
  const half = samples.slice(Math.floor(samples.length / 2))
  const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanSeconds, mean] = [average(half.map(({ seconds }) => seconds)), average(half.map(({ value }) => value))]
  const spread = half.reduce((sum, { seconds }) => sum + (seconds - meanSeconds) ** 2, 0)
  const together = half.reduce((sum, { seconds, value }) => sum + (seconds - meanSeconds) * (value - mean), 0)
  const slope = spread === 0 ? 0 : together / spread
  return { mean, gain: slope * ((half.at(-1)?.seconds ?? 0) - (half[0]?.seconds ?? 0)) }
}
