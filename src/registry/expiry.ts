import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import { CertificateError } from '../pki/certificate.ts'

/** How far a certificate's end is: past, or within so many days; the nearest that holds. */
export const horizons = ['expired', '1d', '7d', '14d', '30d'] as const
export type Horizon = (typeof horizons)[number]

const dayMs = 86_400_000

const beforeEndMs: Readonly<Record<Horizon, number>> = {
  // RFC 5280 4.1.2.5: valid through notAfter.
  expired: -1,
  '1d': dayMs,
  '7d': 7 * dayMs,
  '14d': 14 * dayMs,
  '30d': 30 * dayMs,
}

/** A registered leaf that is about to expire, or has. */
export interface Expiry {
  readonly certificate: RegisteredCertificate
  readonly owners: readonly DevApp[]
  readonly horizon: Horizon
}

/** What is known of the ends of all registered leaves at one instant. */
export interface Expiries {
  /** Those within a horizon, the next to end first. */
  readonly soon: readonly Expiry[]
  /** How many are within each number of days, those of the nearer ones among them; and how many have expired, apart. */
  readonly counts: Readonly<Record<Horizon, number>>
  /** When the next registered leaf comes within a horizon, or a nearer one; `undefined` where none will. */
  readonly nextCrossing: Date | undefined
}

/** What `expiriesOf` reads of a `RegistrySnapshot`. */
export interface RegisteredLeaves {
  eachRegistered(): Iterable<RegisteredCertificate>
  ownersOf(certificate: RegisteredCertificate): readonly DevApp[]
}

/** The horizon that a certificate is within at `now`; `undefined` where its end is further away. */
export function horizonOf(notAfter: Date, now: Date): Horizon | undefined {
  const leftMs = notAfter.getTime() - now.getTime()
  return horizons.find((horizon) => leftMs <= beforeEndMs[horizon])
}

/**
 * The ends of the registered leaves as they are at `now`, in one pass. Leaves that only disabled DevApps have are left out:
 * they let nobody in.
 */
export function expiriesOf(registered: RegisteredLeaves, now: Date): Expiries {
  const soon: Expiry[] = []
  const counts = { expired: 0, '1d': 0, '7d': 0, '14d': 0, '30d': 0 }
  const nowMs = now.getTime()
  let nextMs = Number.POSITIVE_INFINITY
  for (const certificate of registered.eachRegistered()) {
    const notAfter = endOf(certificate)
    if (notAfter === undefined) continue
    nextMs = Math.min(nextMs, crossingMs(notAfter.getTime(), nowMs))
    const horizon = horizonOf(notAfter, now)
    if (horizon === undefined) continue
    const owners = registered.ownersOf(certificate)
    if (!owners.some(({ status }) => status === 'enabled')) continue
    for (const each of horizons.slice(horizons.indexOf(horizon), horizon === 'expired' ? 1 : undefined))
      counts[each] += 1
    soon.push({ certificate, owners, horizon })
  }
  soon.sort((a, b) => endMs(a) - endMs(b))
  return { soon, counts, nextCrossing: Number.isFinite(nextMs) ? new Date(nextMs) : undefined }
}

/** The counts alone. */
export function expiryHorizons(registered: RegisteredLeaves, now: Date): Expiries['counts'] {
  return expiriesOf(registered, now).counts
}

/** The first instant after `nowMs` at which the horizon is another one; infinite where the certificate has expired. */
function crossingMs(endMs: number, nowMs: number): number {
  for (let i = horizons.length - 1; i >= 0; i--) {
    const crossing = endMs - beforeEndMs[horizons[i] ?? 'expired']
    if (crossing > nowMs) return crossing
  }
  return Number.POSITIVE_INFINITY
}

/** A leaf is read when it is asked for. One that cannot be lets nobody in, and is no reason not to look at the others. */
function endOf({ leaf }: RegisteredCertificate): Date | undefined {
  try {
    return leaf.notAfter
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}

const endMs = ({ certificate: { leaf } }: Expiry): number => leaf.notAfter.getTime()
