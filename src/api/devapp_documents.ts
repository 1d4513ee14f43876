import { z } from 'zod'
import { count, instant } from './values.ts'

const certificate = z.object({
  commonName: z.string(),
  serialNumber: z.string(),
  issuer: z.string(),
  sha256: z.string(),
  notBefore: instant,
  notAfter: instant,
  /** The other DevApps that it is attached to. */
  sharedWith: z.array(z.string()),
})

export const devAppsDocument = z
  .object({
    at: instant,
    total: count,
    devApps: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        environment: z.enum(['production', 'staging']),
        status: z.enum(['enabled', 'disabled']),
        clientKey: z.string(),
        /** How many are right now: neither they nor their hashes are told. */
        secretsInForce: count,
        products: z.array(z.string()),
        labels: z.record(z.string(), z.string()),
        /** The next to expire first. */
        certificates: z.array(certificate),
      }),
    ),
  })
  .meta({ title: 'DevApps' })
export type DevAppsDocument = z.output<typeof devAppsDocument>

export const horizonDocument = z
  .object({
    at: instant,
    /** Certificates of enabled DevApps: expired, by the week that they expire in, and later than those. */
    expired: count,
    weeks: z.array(z.object({ start: instant, certificates: count })),
    later: count,
  })
  .meta({ title: 'ExpiryHorizon' })
export type HorizonDocument = z.output<typeof horizonDocument>

export const renewalsDocument = z
  .object({
    at: instant,
    waiting: z.array(
      z.object({
        /** Whose certificate it seems to renew: ids with commas between them. */
        devApps: z.string(),
        commonName: z.string().nullable(),
        serialNumber: z.string(),
        sha256: z.string(),
        first: instant,
        last: instant,
        requests: count,
        requestId: z.string().nullable(),
      }),
    ),
  })
  .meta({ title: 'WaitingRenewals' })
export type RenewalsDocument = z.output<typeof renewalsDocument>
