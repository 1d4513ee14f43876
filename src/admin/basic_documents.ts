import { z } from 'zod'
import type { Lock } from '../lockout/attempt_store.ts'
import type { Lockouts, LockSelection } from '../lockout/lockouts.ts'

/** What the admin port says about locks of HTTP Basic, in JSON: instants in RFC 3339, `null` where it is any. */
export const lockoutDocument = z.object({
  /** `client_key`, `address` or `distributed`. */
  by: z.string(),
  /** The address, or the /64 of an IPv6 one. */
  source: z.string().nullable(),
  /** The first 16 hex digits of the SHA-256 of the ClientKey, which may be none that is registered. */
  clientKeySha256: z.string().nullable(),
  devApp: z.string().nullable(),
  until: z.string(),
})
export type LockoutDocument = z.output<typeof lockoutDocument>

export const lockoutsDocument = z.object({
  /** The service's clock. */
  at: z.string(),
  /** Whether failures are counted with other processes: `connected`, `away`, or `null` where there is no Redis. */
  fleet: z.string().nullable(),
  lockouts: z.array(lockoutDocument),
})
export type LockoutsDocument = z.output<typeof lockoutsDocument>

const presented = z.string().min(1).max(4_096)

export const unlockRequest = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('client_key'), clientKey: presented }),
    z.strictObject({ kind: z.literal('source'), address: presented }),
    z.strictObject({ kind: z.literal('all') }),
  ],
  {
    error:
      'expected {"kind":"client_key","clientKey":"..."}, {"kind":"source","address":"..."} or {"kind":"all"}, of at most 4096 characters',
  },
) satisfies z.ZodType<LockSelection>

/** `fleet`: whether the other processes could be told. */
export const unlockedDocument = z.object({ lifted: z.number(), fleet: z.boolean() })
export type UnlockedDocument = z.output<typeof unlockedDocument>

/** `devAppOf` is whose a ClientKey is, by the beginning of its SHA-256. */
export function documentOfLockouts(
  lockouts: Pick<Lockouts, 'locks' | 'fleet'>,
  devAppOf: (clientKeyHash: string) => string | undefined,
  at: Date,
): LockoutsDocument {
  const soonestLast = [...lockouts.locks(at)].sort((one, other) => other.until - one.until)
  return {
    at: at.toISOString(),
    fleet: lockouts.fleet ?? null,
    lockouts: soonestLast.map((lock) => documentOfLock(lock, devAppOf)),
  }
}

function documentOfLock({ subject, until }: Lock, devAppOf: (hash: string) => string | undefined): LockoutDocument {
  const { kind, network, clientKeyHash } = subject
  return {
    ...{ by: kind, source: network ?? null, clientKeySha256: clientKeyHash ?? null },
    devApp: (clientKeyHash && devAppOf(clientKeyHash)) ?? null,
    until: new Date(until).toISOString(),
  }
}
