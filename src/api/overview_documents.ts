import { z } from 'zod'
import { count, instant } from './values.ts'

const latency = z.object({ p50: z.number(), p95: z.number(), p99: z.number() })

/** Of one process that takes requests. */
export const processDocument = z.object({
  pid: z.int(),
  startedAt: instant,
  residentBytes: count,
  /** In milliseconds. */
  eventLoopDelayMs: z.object({ p50: z.number(), p99: z.number() }),
})
export type ProcessDocument = z.output<typeof processDocument>

const minute = z.object({
  start: instant,
  allowed: count,
  /** Let pass by shadow mode alone. */
  shadowed: count,
  /** By code; those that did not occur are left out. */
  denied: z.record(z.string(), count),
  latencyMs: latency.nullable(),
})
export type MinuteDocument = z.output<typeof minute>

export const overviewDocument = z
  .object({
    at: instant,
    version: z.string(),
    ready: z.boolean(),
    /** What the process still needs before it can decide, in words. */
    missing: z.array(z.string()),
    hour: z.object({
      allowed: count,
      shadowed: count,
      denied: z.record(z.string(), count),
      latencyMs: latency.nullable(),
      minutes: z.array(minute),
    }),
    processes: z.array(processDocument),
    registry: z.object({
      /** What it is called: a file's name, or where the database is. */
      name: z.string(),
      kind: z.enum(['file', 'postgres']),
      connected: z.boolean(),
      /** When it was last seen that nothing newer is there. */
      asOf: instant.nullable(),
      devApps: count,
      certificates: count,
      /** Whether the command line could change it from here; `null` where that is not known. */
      writable: z.boolean().nullable(),
      /** Why the last reading was refused: what was in force before stays. */
      refused: z.object({ at: instant, reason: z.string() }).nullable(),
    }),
    redis: z.enum(['connected', 'away', 'not_configured']),
    sds: z.object({
      /** Of the trust store in force. */
      version: z.string().nullable(),
      authorities: count,
      /** Envoys, or threads of them, that follow it. */
      streams: count,
      accepted: count,
      rejected: count,
    }),
    shadow: z.object({
      policies: z.array(z.object({ policy: z.string(), until: instant.nullable() })),
      wouldDeny: z.array(z.object({ policy: z.string(), code: z.string(), requests: count })),
    }),
    /** Registered certificates by how far their end is, those nearer among them; `null` until that was looked at. */
    expiring: z.record(z.string(), count).nullable(),
  })
  .meta({ title: 'Overview' })
export type OverviewDocument = z.output<typeof overviewDocument>

export const codesDocument = z
  .object({
    codes: z.array(
      z.object({
        code: z.string(),
        status: z.int(),
        title: z.string(),
        /** What was found. */
        meaning: z.string(),
        /** What the third party does about it. */
        caller: z.string(),
        /** What the platform team does about it. */
        operator: z.string(),
      }),
    ),
  })
  .meta({ title: 'Codes' })
export type CodesDocument = z.output<typeof codesDocument>

export const denialDocument = z
  .object({
    /** Counts the refusals since the start, from 1. */
    number: z.int().min(1),
    at: instant,
    code: z.string(),
    /** False where shadow mode let the request pass. */
    enforced: z.boolean(),
    policy: z.string().nullable(),
    channel: z.string().nullable(),
    devApp: z.string().nullable(),
    commonName: z.string().nullable(),
    serialNumber: z.string().nullable(),
    host: z.string().nullable(),
    requestId: z.string().nullable(),
    ms: z.number(),
    /** What exactly was found. */
    detail: z.string().nullable(),
    /** The DevApps whose certificate the presented one seems to renew. */
    likelyRenewalOf: z.string().nullable(),
    /** Whether the certificate is kept, so that the refusal can be explained. */
    explainable: z.boolean(),
  })
  .meta({ title: 'Denial' })
export type DenialDocument = z.output<typeof denialDocument>

export const denialsDocument = z
  .object({ at: instant, denials: z.array(denialDocument) })
  .meta({ title: 'Denials', description: 'The latest first.' })
export type DenialsDocument = z.output<typeof denialsDocument>

export const policiesDocument = z
  .object({
    policies: z.array(
      z.object({
        name: z.string(),
        channel: z.enum(['mtls', 'tls', 'try']),
        require: z.array(z.string()),
        product: z.string().nullable(),
        psd2Roles: z.array(z.string()),
        qwacRequired: z.boolean(),
        shadow: z.boolean(),
        /** Where its APIs are served. */
        hostname: z.string(),
      }),
    ),
  })
  .meta({ title: 'Policies' })
export type PoliciesDocument = z.output<typeof policiesDocument>
