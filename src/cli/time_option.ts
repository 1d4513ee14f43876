import { UsageError } from './service_command.ts'

/** The time of an `--at`: RFC 3339, with its zone, since a time without one means another instant on another machine. Throws a UsageError. */
export function timeOf(text: string): Date {
  const time = new Date(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/.test(text) ? text : Number.NaN)
  if (Number.isNaN(time.getTime()))
    throw new UsageError(`--at: expected a time such as 2026-06-15T12:00:00Z, got "${text}"`)
  return time
}
