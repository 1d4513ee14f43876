import { z } from 'zod'
import { parseDuration } from '../duration.ts'
import { logLevels } from '../ops/log.ts'
import { type LevelInForce, maxLevelMs } from '../ops/log_level.ts'

/** What the admin port says about the level of the log. */
export const logLevelDocument = z.object({
  level: z.string(),
  configured: z.string(),
  /** RFC 3339; `null` where the level is the configured one. */
  until: z.string().nullable(),
})
export type LogLevelDocument = z.output<typeof logLevelDocument>

export const logLevelRequest = z.strictObject({
  level: z.enum(logLevels),
  /** A duration. */
  for: z
    .string()
    .transform((text) => parseDuration(text) ?? 0)
    .refine((ms) => ms > 0 && ms <= maxLevelMs),
})

/** What is said of another request. */
export const logLevelExpected = `Expected {"level":"${logLevels.join('"|"')}","for":"10m"}, for at most 24h.`

export function documentOfLogLevel({ level, configured, until }: LevelInForce): LogLevelDocument {
  return { level, configured, until: until?.toISOString() ?? null }
}
