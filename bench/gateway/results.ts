/** What was measured, round by round, and the ratios that are promised. */
import type { Measured } from './oha.ts'

/** One measurement; processor time is in microseconds a request. */
export interface Sample extends Measured {
  readonly service?: number | undefined
  readonly envoy?: number | undefined
}

export type Quantity = 'perSecond' | 'p50' | 'p99' | 'service' | 'envoy'

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export interface Bound {
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Row {
  readonly what: string
  readonly spread: Spread
  readonly unit: string
  readonly bound: Bound | undefined
  readonly holds: boolean
}

export class Results {
  readonly rows: Row[] = []
  readonly #samples = new Map<string, Sample[]>()

  add(name: string, sample: Sample): void {
    this.#samples.set(name, [...(this.#samples.get(name) ?? []), sample])
  }

  /** In the order in which they came first. */
  get names(): readonly string[] {
    return [...this.#samples.keys()]
  }

  /** `undefined` where none of that name was measured, or the quantity was not. */
  spreadOf(name: string, quantity: Quantity): Spread | undefined {
    const values = (this.#samples.get(name) ?? []).map((sample) => sample[quantity] ?? Number.NaN)
    return values.length === 0 || values.some(Number.isNaN) ? undefined : spreadOf(values)
  }

  /** One quantity as a multiple of another one's in the same round; nothing where either is missing. */
  ratio(what: string, quantity: Quantity, [name, peer]: readonly [string, string], bound?: Bound): void {
    const [of, to] = [this.#samples.get(name), this.#samples.get(peer)]
    if (of === undefined || to === undefined) return
    const ratios = of.map((sample, round) => Number(sample[quantity]) / Number(to[round]?.[quantity]))
    this.row(what, ratios, '', bound)
  }

  row(what: string, values: readonly number[], unit: string, bound?: Bound): void {
    const spread = spreadOf(values)
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = bound ?? {}
    this.rows.push({ what, spread, unit, bound, holds: spread.median >= atLeast && spread.median <= atMost })
  }
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return {
    median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    least: sorted[0]!,
    most: sorted.at(-1)!,
  }
}

export function inWords({ atLeast, atMost }: Bound, unit: string): string {
  const of = (value: number): string => `${value}${unit === '' ? '' : ` ${unit}`}`
  return atLeast === undefined ? `at most ${of(atMost ?? 0)}` : `at least ${of(atLeast)}`
}
