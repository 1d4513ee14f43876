import { z } from 'zod'

/* What several documents of the API have in common. The console imports the types of these, and nothing else. */

/** RFC 3339. */
export const instant = z.string().meta({ format: 'date-time' })
export const count = z.int().min(0)

export const instantText = (ms: number): string => new Date(ms).toISOString()

/** An instant that ISO 8601 cannot hold is none: `nextUpdate` may be any date that a responder wrote. */
export const instantOrNull = (instant: Date | undefined): string | null =>
  instant === undefined || Number.isNaN(instant.getTime()) ? null : instant.toISOString()

export const offset = z.int().min(0).max(10_000_000).default(0).meta({ description: 'How many to leave out.' })
export const limit = z.int().min(1).max(500).default(100).meta({ description: 'How many to give at most.' })
export const search = z.string().min(1).max(200)
