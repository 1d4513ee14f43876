/* Times, numbers and lengths of time as the console writes them. Times are in UTC, as in the log. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export const number = (value: number): string => whole.format(value)
export const compact = (value: number): string => (value < 10_000 ? whole.format(value) : short.format(value))

export const percent = (part: number, all: number): string => {
  if (all === 0) return '–'
  const value = (100 * part) / all
  return `${value > 0 && value < 0.1 ? '<0.1' : value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)} %`
}

/** `0.35 ms`, `12 ms`, `1.2 s` */
export function milliseconds(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(2)} ms`
}

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
]

/** The two largest units: `3 d 4 h`. */
export function lengthOfTime(ms: number): string {
  let seconds = Math.round(Math.abs(ms) / 1_000)
  const first = units.findIndex(([, size]) => seconds >= size)
  if (first < 0) return '0 s'
  return units
    .slice(first, first + 2)
    .flatMap(([name, size]) => {
      const count = Math.floor(seconds / size)
      seconds -= count * size
      return count === 0 ? [] : [`${count} ${name}`]
    })
    .join(' ')
}

/** `in 3 h`, `2 min ago` */
export function fromNow(instant: string, now: string): string {
  const ms = Date.parse(instant) - Date.parse(now)
  return ms >= 0 ? `in ${lengthOfTime(ms)}` : `${lengthOfTime(ms)} ago`
}

export const clock = (instant: string): string => instant.slice(11, 19)
export const minute = (instant: string): string => instant.slice(11, 16)
export const day = (instant: string): string => instant.slice(0, 10)
export const full = (instant: string): string => `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`

export const bytes = (count: number): string => `${Math.round(count / 1_048_576)} MB`

/** The beginning and the end of a long hex text. */
export const shortHex = (hex: string): string => (hex.length > 18 ? `${hex.slice(0, 8)}…${hex.slice(-6)}` : hex)

/** A distinguished name by what people know it by. */
export function nameIn(distinguished: string): string {
  const [, name] = /(?:^|,)\s*CN=((?:\\.|[^,\\])+)/.exec(distinguished) ?? []
  return name?.replace(/\\(.)/g, '$1') ?? distinguished
}
