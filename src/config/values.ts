import { z } from 'zod'
import { parseDuration } from '../duration.ts'

/** Kinds of values that several keys have. Each problem says what was expected, what stands there, and the cure. */

/** Milliseconds, at least `min`. */
export function duration(min = 0) {
  return z.string({ error: (issue) => expected('a duration', issue.input) }).transform((text, context) => {
    const ms = parseDuration(text)
    if (ms === undefined) fail(context, expected('a duration', text), 'write it with a unit, such as 300ms or 1s')
    else if (ms < min) fail(context, `${text} is too short`, `write at least ${min}ms`)
    else return ms
    return z.NEVER
  })
}

export function count(min: number, max: number) {
  const cure = `write a whole number from ${min} to ${max}`
  return z.unknown().transform((value, context) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    fail(context, expected('a whole number', value), cure)
    return z.NEVER
  })
}

/** A hostname, in lower case. */
export const hostname = z
  .string({ error: (issue) => expected('a hostname', issue.input) })
  .transform((text, context) => {
    const name = text.toLowerCase()
    if (/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name))
      return name
    fail(
      context,
      expected('a hostname', text),
      'write it without port, wildcard and final dot, such as api.example.com',
    )
    return z.NEVER
  })

/** An absolute URL with one of the schemes. Its text is not repeated: it may hold a password. */
export function url(schemes: readonly string[]) {
  return z.string({ error: () => 'expected a URL' }).transform((text, context) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined
    if (parsed !== undefined && schemes.includes(parsed.protocol.slice(0, -1))) return parsed
    fail(context, `expected a URL of ${schemes.join(' or ')}`, `write it in full, such as ${schemes[0]}://host/`)
    return z.NEVER
  })
}

export const text = z.string({ error: (issue) => expected('a text', issue.input) }).min(1, { error: 'it is empty' })

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: (issue) => expected(`one of ${values.join(', ')}`, issue.input) })
}

export function list<Item extends z.ZodType>(item: Item) {
  return z.array(item, { error: (issue) => expected('a list', issue.input) })
}

export const yesOrNo = z.boolean({ error: (issue) => expected('true or false', issue.input) })

export function keys<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'invalid_type' ? expected('keys with values', issue.input) : undefined),
  })
}

/** A problem with its cure, as `findingsOf` reads it. */
export function fail(context: z.RefinementCtx, message: string, cure: string): void {
  context.addIssue({ code: 'custom', message, params: { cure } })
}

/** Says what stands there: values of a configuration are no secrets, and those that may be are never handed here. */
export function expected(what: string, input: unknown): string {
  if (input === undefined) return `it is missing: expected ${what}`
  const shown = JSON.stringify(input) ?? String(input)
  return `expected ${what}, got ${shown.length > 60 ? `${shown.slice(0, 57)}...` : shown}`
}
