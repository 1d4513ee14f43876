const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** A length of time for people, in its two largest units, rounded down: `2d4h`, `3h`, `59s`; `0s` below a second. */
export function intervalText(ms: number): string {
  const first = units.findIndex(([, unit]) => ms >= unit)
  if (first < 0) return '0s'
  let left = ms
  return units
    .slice(first, first + 2)
    .map(([name, unit]) => {
      const whole = Math.floor(left / unit)
      left -= whole * unit
      return whole === 0 ? '' : `${whole}${name}`
    })
    .join('')
}

/** An instant as seen from another: `in 3h`, `5m ago`. Both in RFC 3339. */
export function seenFrom(now: string, instant: string): string {
  const ms = Date.parse(instant) - Date.parse(now)
  return ms >= 0 ? `in ${intervalText(ms)}` : `${intervalText(-ms)} ago`
}
