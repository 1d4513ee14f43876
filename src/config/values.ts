import { isIP } from 'node:net'
import { z } from 'zod'
import { parseDuration } from '../duration.ts'

/** Kinds of values that several keys have. Each problem says what was expected, what stands there, and the cure. */

/**
 * A value that `read` makes of what is written, `undefined` where it cannot. Takes whatever YAML has, so that a problem says
 * the same and has the same cure whichever type was written; `schema` tells editors what `read` takes.
 */
export function read<Value>(
  what: string,
  cure: string,
  schema: Readonly<Record<string, unknown>>,
  read: (written: unknown) => Value | undefined,
) {
  return z
    .unknown()
    .transform((written, context): Value => {
      const value = read(written)
      if (value !== undefined) return value
      fail(context, expected(what, written), cure)
      return z.NEVER
    })
    .meta(schema)
}

/** An instant in UTC (RFC 3339, with a final Z). */
export const instant = z
  .string({ error: (issue) => expected('a time', issue.input) })
  .transform((written, context) => {
    const time = new Date(written)
    if (!Number.isNaN(time.getTime()) && /^\d{4}-\d\d-\d\dT.*Z$/.test(written)) return time
    fail(context, expected('a time', written), 'write it in UTC, such as "2026-12-31T00:00:00Z"')
    return z.NEVER
  })
  .meta({ title: 'time in UTC' })

/** Milliseconds, from `min` up to what timers and caches take. */
export function duration(min = 0) {
  const pattern = String.raw`^\d{1,9}(\.\d{1,3})?(ms|s|m|h|d)$`
  return z
    .unknown()
    .transform((written, context): number => {
      const ms = typeof written === 'string' ? parseDuration(written) : undefined
      if (ms === undefined) fail(context, expected('a duration', written), 'write it with a unit, such as 300ms or 1s')
      else if (ms < min) fail(context, `${writtenHere} is too short`, `write at least ${min}ms`)
      else if (ms > maxDurationMs) fail(context, `${writtenHere} is too long`, 'write at most 24d')
      else return ms
      return z.NEVER
    })
    .meta({ title: 'duration', type: 'string', pattern })
}

/** The longest that a timer of Node.js waits is 2^31 - 1 ms, 24.8 days. */
const maxDurationMs = 24 * 86_400_000

export function count(min: number, max: number) {
  const range = `a whole number from ${min} to ${max}`
  return read(
    range,
    'write it in digits, without quotes',
    { type: 'integer', minimum: min, maximum: max },
    (written) =>
      typeof written === 'number' && Number.isInteger(written) && written >= min && written <= max
        ? written
        : undefined,
  )
}

/** Bytes. */
export function size(min: number, max: number) {
  const pattern = String.raw`^\d{1,9}(B|KiB|MiB)$`
  return read(
    'a size',
    `write it with a unit, such as 64KiB or 1MiB; at most ${max / 1_048_576}MiB`,
    { title: 'size', type: 'string', pattern },
    (written) => {
      const [, digits, unit = ''] = typeof written === 'string' ? (/^(\d{1,9})(B|KiB|MiB)$/.exec(written) ?? []) : []
      const bytes = Number(digits) * (unitBytes[unit] ?? Number.NaN)
      return bytes >= min && bytes <= max ? bytes : undefined
    },
  )
}

const unitBytes: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576 }

/** A part of a whole. */
export function fraction(min: number, max: number) {
  return read(
    `a number from ${min} to ${max}`,
    'write it with a point and without quotes, such as 0.5',
    { type: 'number', minimum: min, maximum: max },
    (written) => (typeof written === 'number' && written >= min && written <= max ? written : undefined),
  )
}

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const isHostname = (name: string): boolean =>
  name.length <= 253 && name.split('.').every((each) => label.test(each)) && !/(^|\.)\d+$/.test(name)

/** A DNS name in lower case. An address is none, and stands in no SNI (RFC 6066 3). */
export const hostname = read(
  'a hostname',
  'write it without port, wildcard and final dot, such as api.example.com',
  { title: 'hostname', type: 'string' },
  (written) => {
    const name = typeof written === 'string' ? written.toLowerCase() : ''
    return isHostname(name) ? name : undefined
  },
)

/** The host of a URL, as `URL` writes it: a DNS name, an IPv4 address, or an IPv6 address in brackets. */
export const host = read(
  'a host',
  'write it without scheme, port and path, such as ocsp.example.com',
  { title: 'host', type: 'string' },
  (written) => {
    const name = typeof written === 'string' ? written.toLowerCase() : ''
    const isAddress = isIP(name) === 4 || (/^\[.*\]$/.test(name) && isIP(name.slice(1, -1)) === 6)
    return isHostname(name) || isAddress ? new URL(`http://${name}`).hostname : undefined
  },
)

/** An absolute URL with one of the schemes. Its text is never repeated: it may hold a password. */
export function url(schemes: readonly string[], cure = `write it in full, such as ${schemes[0]}://host/`) {
  const what = `a URL that begins with ${schemes.map((scheme) => `${scheme}:`).join(' or ')}`
  return z
    .unknown()
    .transform((written, context): URL => {
      const parsed = typeof written === 'string' && URL.canParse(written) ? new URL(written) : undefined
      if (parsed !== undefined && schemes.includes(parsed.protocol.slice(0, -1))) return parsed
      fail(context, written === undefined ? `it is missing: expected ${what}` : `expected ${what}`, cure)
      return z.NEVER
    })
    .meta({ title: `URL of ${alternatives(schemes)}`, type: 'string' })
}

// Refinements, where zod has its own limits for lengths: those look at whatever has a `length`, and throw where a section
// has such a key. No control characters: Node refuses NUL in a path, and a line break in a name is never meant.
export const text = z
  .string({ error: (issue) => expected('a text', issue.input) })
  .refine((written) => written !== '', { error: 'it is empty', params: { cure: 'fill it in, or remove the key' } })
  .refine(({ length }) => length <= 4_096, {
    error: 'it is longer than 4096 characters',
    params: { cure: 'shorten it' },
  })
  .refine((written) => !/\p{Cc}/u.test(written), {
    error: 'it holds a control character, such as a line break',
    params: { cure: 'write it on one line' },
  })

/** A text that is never repeated. */
export const secret = z
  .unknown()
  .transform((written, context): string => {
    if (typeof written === 'string' && written !== '') return written
    fail(context, 'expected a text', 'write it in quotes, or better take it from the environment')
    return z.NEVER
  })
  .meta({ type: 'string' })

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: (issue) => expected(alternatives(values), issue.input) })
}

/** What happens to a request where something that it needs could not be found out. */
export const onFailure = oneOf(['deny', 'allow'])

export function list<Item extends z.ZodType>(item: Item) {
  return z.array(item, { error: (issue) => expected('a list', issue.input) })
}

/** A list with at least one item. */
export function someOf<Item extends z.ZodType>(item: Item, whenEmpty = 'it is empty') {
  return list(item)
    .refine(({ length }) => length > 0, {
      error: whenEmpty,
      params: { cure: 'name at least one, or remove the key where it is optional' },
    })
    .meta({ minItems: 1 })
}

export const yesOrNo = z.boolean({ error: (issue) => expected('true or false', issue.input) })

export function keys<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = Object.keys(shape)
  const what = names.length > 4 ? 'keys with values' : `the ${names.length === 1 ? 'key' : 'keys'} ${names.join(', ')}`
  return z.strictObject(shape, {
    error: ({ code, input }) => (code === 'invalid_type' ? section(what, input) : undefined),
  })
}

/** A text that stands in a section's place is not repeated: it may be a password. */
function section(what: string, input: unknown): string {
  if (input === undefined) return expected(what, input)
  return `expected ${what}, got ${typeof input === 'string' ? 'a text' : shown(input)}`
}

/** `a, b or c` */
export function alternatives(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

/** A problem with its cure, as `findingsOf` reads it. */
export function fail(context: z.RefinementCtx, message: string, cure: string): void {
  context.addIssue({ code: 'custom', message, params: { cure } })
}

/** Stands in a message for what the file says at the problem's path: variables by their names, passwords struck out. */
export const writtenHere = '{written}'

/** Only for what is no secret: what stands there is said. */
export function expected(what: string, input: unknown): string {
  return input === undefined ? `it is missing: expected ${what}` : `expected ${what}, got ${writtenHere}`
}

/** A value for a problem, on one line. Userinfo of URLs is struck out, up to the last @ there is. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'keys with values'
  if (typeof value !== 'string') return String(value)
  const text = value.replace(/\/\/.*@/s, '//***@')
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)
}
