import { z } from 'zod'
import type { PurgeSelection, RevocationEntry, WarmOutcome, WarmProgress } from '../revocation/control.ts'
import type { RevocationStatistics } from '../revocation/statistics.ts'

/*
 * What the admin port says about revocation, in JSON: instants in RFC 3339, `null` where there is nothing, binary in base64.
 * The service writes these documents and the command line reads them, which may be of another version.
 */

const instant = z.string().nullable()

export const entryDocument = z.object({
  sha256: z.string(),
  serialNumber: z.string(),
  commonName: z.string(),
  issuer: z.string(),
  issuerSha256: z.string(),
  devApps: z.array(z.string()),
  status: z.string(),
  source: z.string().nullable(),
  thisUpdate: instant,
  nextUpdate: instant,
  usableUntil: instant,
  nextRefresh: instant,
  responder: z.string().nullable(),
  lastError: z.object({ at: z.string(), cause: z.string() }).nullable(),
})
export type EntryDocument = z.output<typeof entryDocument>

const counters = z.record(z.string(), z.number())

export const statusDocument = z.object({
  /** The service's clock: what ages count from. */
  at: z.string(),
  entries: z.array(entryDocument),
  statistics: z.record(z.string(), z.union([z.number(), counters])),
})
export type StatusDocument = z.output<typeof statusDocument>

export const answerDocument = z.object({
  at: z.string(),
  entry: entryDocument,
  /** The signed OCSPResponse in DER. */
  answer: z.base64().nullable(),
})
export type AnswerDocument = z.output<typeof answerDocument>

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, { error: 'expected a SHA-256 in hex' })
  .toLowerCase()

/** What may be asked to be forgotten: one leaf by its SHA-256, those of one issuer by that of its certificate, or all. */
export const purgeRequest = z.discriminatedUnion(
  'kind',
  [z.strictObject({ kind: z.enum(['certificate', 'issuer']), sha256 }), z.strictObject({ kind: z.literal('all') })],
  { error: 'expected {"kind":"certificate"|"issuer","sha256":"..."} or {"kind":"all"}' },
) satisfies z.ZodType<PurgeSelection>

export const purgeDocument = z.object({ certificates: z.number(), fleet: z.boolean() })
export type PurgeDocument = z.output<typeof purgeDocument>

const warmCounts = { asked: z.number(), answered: z.number(), failed: z.number() }

/** A line of what `warm` tells as it goes on; the one that is done is the last. */
export const warmLine = z.discriminatedUnion('done', [
  z.object({ done: z.literal(false), of: z.number(), ...warmCounts }),
  z.object({ done: z.literal(true), ...warmCounts }),
])
export type WarmLine = z.output<typeof warmLine>

export function documentOfEntry(entry: RevocationEntry): EntryDocument {
  const { thisUpdate, nextUpdate, usableUntil, nextRefresh, lastError } = entry
  return {
    ...{ sha256: entry.sha256, serialNumber: entry.serialNumber, commonName: entry.commonName },
    ...{ issuer: entry.issuer, issuerSha256: entry.issuerSha256, devApps: [...entry.devApps] },
    ...{ status: entry.status, source: entry.source ?? null },
    ...{ thisUpdate: instantText(thisUpdate), nextUpdate: instantText(nextUpdate) },
    ...{ usableUntil: instantText(usableUntil), nextRefresh: instantText(nextRefresh) },
    responder: entry.responder ?? null,
    lastError: lastError === undefined ? null : { at: lastError.at.toISOString(), cause: lastError.cause },
  }
}

export function documentOfStatus(
  entries: readonly RevocationEntry[],
  statistics: RevocationStatistics,
  at: Date,
): StatusDocument {
  const counted = Object.entries(statistics).map(([name, counts]) => [
    name,
    typeof counts === 'number' ? counts : { ...counts },
  ])
  return { at: at.toISOString(), entries: entries.map(documentOfEntry), statistics: Object.fromEntries(counted) }
}

export function documentOfAnswer(entry: RevocationEntry, der: Uint8Array | undefined, at: Date): AnswerDocument {
  const answer = der === undefined ? null : Buffer.from(der).toString('base64')
  return { at: at.toISOString(), entry: documentOfEntry(entry), answer }
}

export const progressLine = (progress: WarmProgress): string => line({ done: false, ...progress })
export const outcomeLine = (outcome: WarmOutcome): string => line({ done: true, ...outcome })

const line = (value: WarmLine): string => `${JSON.stringify(value)}\n`

/** `nextUpdate` may be any date that a responder wrote; an instant that ISO 8601 cannot hold is none. */
const instantText = (instant: Date | undefined): string | null =>
  instant === undefined || Number.isNaN(instant.getTime()) ? null : instant.toISOString()
