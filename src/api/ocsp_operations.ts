import { z } from 'zod'
import { documentOfEntry, entryDocument } from '../admin/ocsp_documents.ts'
import type { RecentFetches } from '../ops/recent_fetches.ts'
import type { TotalsByMinute } from '../ops/totals_by_minute.ts'
import type { Clock } from '../ports.ts'
import type { RevocationControl } from '../revocation/control.ts'
import { type Operation, operation } from './operation.ts'
import { count, instant, instantText, limit, offset, search } from './values.ts'

const statuses = ['good', 'revoked', 'unknown', 'unavailable', 'no_source', 'pending'] as const

export const entryPageDocument = z
  .object({
    at: instant,
    /** As of when they were put in order: at most ten seconds before. */
    listedAt: instant,
    total: count,
    byStatus: z.object({
      ...{ good: count, revoked: count, unknown: count, unavailable: count, no_source: count, pending: count },
    }),
    /** From the first thisUpdate to the last nextUpdate of all that match. */
    span: z.object({ from: instant, to: instant }).nullable(),
    entries: z.array(entryDocument),
  })
  .meta({ title: 'OcspEntries' })
export type EntryPageDocument = z.output<typeof entryPageDocument>

export const choicesDocument = z
  .object({
    issuers: z.array(z.object({ sha256: z.string(), subject: z.string(), certificates: count })),
    responders: z.array(z.object({ origin: z.string(), certificates: count })),
  })
  .meta({ title: 'OcspChoices' })
export type ChoicesDocument = z.output<typeof choicesDocument>

export const respondersDocument = z
  .object({
    at: instant,
    responders: z.array(
      z.object({
        /** Scheme, host and port. */
        responder: z.string(),
        breaker: z.enum(['closed', 'half_open', 'open']),
        requests: count,
        failures: count,
        /** Of the last 64 requests. */
        medianMs: z.number(),
        longestMs: z.number(),
        lastAt: instant,
        lastError: z.object({ at: instant, cause: z.string() }).nullable(),
      }),
    ),
  })
  .meta({ title: 'Responders' })
export type RespondersDocument = z.output<typeof respondersDocument>

const minuteOfTiers = z.object({
  start: instant,
  memory: z.object({ hits: count, misses: count }),
  redis: z.object({ hits: count, misses: count, failures: count }),
  responder: z.object({ answered: count, failed: count }),
  /** Requests that waited for a responder, and those whose time ran out meanwhile. */
  ...{ waits: count, late: count },
})

export const ratesDocument = z
  .object({ at: instant, minutes: z.array(minuteOfTiers) })
  .meta({ title: 'OcspRates', description: 'Since the start of the process, for an hour at most.' })
export type RatesDocument = z.output<typeof ratesDocument>

/** The counters of revocation, flat, as `TotalsByMinute` takes them. */
export function tierTotals({ statistics }: Pick<RevocationControl, 'statistics'>): Readonly<Record<string, number>> {
  const { memory, redis, responder, waits, late } = statistics
  return {
    ...{ memoryHits: memory.hits, memoryMisses: memory.misses },
    ...{ redisHits: redis.hits, redisMisses: redis.misses, redisFailures: redis.failures },
    ...{ answered: responder.answered, failed: responder.failed, waits, late },
  }
}

export interface OcspParts {
  readonly control: () => RevocationControl
  readonly fetches: RecentFetches
  readonly totals: TotalsByMinute
  readonly clock: Clock
}

const tag = 'OCSP'
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The remembered answers page by page, who gives them, and how often each tier had one. */
export function ocspOperations({ control, fetches, totals, clock }: OcspParts): readonly Operation[] {
  return [
    operation({
      ...{ method: 'GET', path: '/api/v1/ocsp/certificates', id: 'listOcspCertificates', tag },
      summary: 'Registered certificates and what is known of their revocation, the most urgent first, in parts.',
      query: z.strictObject({
        ...{ offset, limit },
        devapp: z.string().min(1).max(128).optional().meta({ description: 'The id of a DevApp.' }),
        issuer: z
          .string()
          .regex(/^[0-9A-Fa-f]{64}$/)
          .optional()
          .meta({ description: "The SHA-256 of the issuer's certificate." }),
        responder: z.string().min(1).max(300).optional().meta({ description: 'Its scheme, host and port.' }),
        status: z.enum(statuses).optional(),
        search: search
          .optional()
          .meta({ description: 'A part of a common name, a serial number or the id of a DevApp.' }),
      }),
      document: entryPageDocument,
      answer: async ({ query }) => {
        const at = clock()
        const { devapp: devApp, issuer, responder, status, search, offset, limit } = query
        const asked = { devApp, issuerSha256: issuer?.toLowerCase(), responder, status, search, offset, limit }
        const { total, byStatus, span, listedAt, entries } = await control().page(asked, at, pause)
        return {
          ...{ at: at.toISOString(), listedAt: listedAt.toISOString(), total, byStatus: { ...byStatus } },
          span: span === undefined ? null : { from: span.from.toISOString(), to: span.to.toISOString() },
          entries: entries.map(documentOfEntry),
        }
      },
    }),
    operation({
      ...{ method: 'GET', path: '/api/v1/ocsp/choices', id: 'getOcspChoices', tag },
      summary: 'Issuers and responders to choose from: of each the first hundred by their number of certificates.',
      document: choicesDocument,
      answer: async () => {
        const { issuers, responders } = await control().choices(pause)
        return { issuers: issuers.slice(0, 100), responders: responders.slice(0, 100) }
      },
    }),
    operation({
      ...{ method: 'GET', path: '/api/v1/ocsp/responders', id: 'getResponders', tag },
      summary: 'Every responder that was asked: how long it takes, whether its breaker is open, and its last error.',
      document: respondersDocument,
      answer: () => {
        const { breakers } = control()
        return {
          at: clock().toISOString(),
          responders: fetches.responders.map(({ lastMs, lastError, ...each }) => ({
            ...each,
            breaker: breakers.get(each.responder) ?? ('closed' as const),
            lastAt: instantText(lastMs),
            lastError: lastError === undefined ? null : { at: instantText(lastError.atMs), cause: lastError.cause },
          })),
        }
      },
    }),
    operation({
      ...{ method: 'GET', path: '/api/v1/ocsp/rates', id: 'getOcspRates', tag },
      summary: 'How often each tier had an answer, and how often a request waited, minute by minute.',
      document: ratesDocument,
      answer: () => {
        const now = clock()
        totals.look(tierTotals(control()), now.getTime())
        return { at: now.toISOString(), minutes: totals.minutes.map(minuteDocument) }
      },
    }),
  ]
}

function minuteDocument({ startMs, counts }: TotalsByMinute['minutes'][number]): RatesDocument['minutes'][number] {
  const of = (name: string): number => counts[name] ?? 0
  return {
    start: instantText(startMs),
    memory: { hits: of('memoryHits'), misses: of('memoryMisses') },
    redis: { hits: of('redisHits'), misses: of('redisMisses'), failures: of('redisFailures') },
    responder: { answered: of('answered'), failed: of('failed') },
    ...{ waits: of('waits'), late: of('late') },
  }
}
