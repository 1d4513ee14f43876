import type { ClientSecret, DevApp } from '../domain/devapp.ts'
import { RegistryError } from './store.ts'

/** Right at once: the new one, and two that are being replaced. Each is one more to guess. */
const mostSecrets = 3

export interface Rotation {
  /** Of the new secret. */
  readonly hash: string
  readonly now: Date
  /** Until when the secrets before it stay right, at the latest. */
  readonly oldUntil: Date
}

/**
 * The secrets of a DevApp with a new one, which stays right until it is replaced. Those before it end at `oldUntil` or
 * sooner; what has ended is dropped. Throws a RegistryError where too many would be right at once.
 */
export function rotatedSecrets({ clientSecrets }: DevApp, { hash, now, oldUntil }: Rotation): readonly ClientSecret[] {
  const old = clientSecrets
    .map((secret) => ({ ...secret, notAfter: earlier(secret.notAfter, oldUntil) }))
    .filter(({ notAfter }) => now < notAfter)
  if (old.length < mostSecrets) return [...old, { hash, notAfter: undefined }]
  const firstEnd = old.map(({ notAfter }) => notAfter).reduce(earlier)
  throw new RegistryError(
    `${mostSecrets} secrets can be right at once, and there are ${old.length} already: wait until one ends, on ${firstEnd.toISOString()}, or end them now with --old-valid-for 0s`,
  )
}

function earlier(a: Date | undefined, b: Date): Date {
  return a !== undefined && a < b ? a : b
}
