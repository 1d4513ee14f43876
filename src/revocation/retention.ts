import type { OcspAnswer } from '../pki/ocsp_verification.ts'

/** How long answers are remembered, beside what the issuer allows. */
export interface Retention {
  /** Caps by status: a false "revoked" or "unknown" is asked again before its nextUpdate, which may be days away. */
  readonly capMs: Readonly<Record<OcspAnswer['status'], number>>
  /** How long a failure to get an answer keeps a certificate from being asked about again. */
  readonly failureMs: number
  /** Up to this part of the time is taken off, 0 to 1, so that what was learned together is not forgotten together. */
  readonly jitter: number
}

/** A number in [0, 1). */
export type Random = () => number

/**
 * Until when an answer that was accepted at `at` may be used: never past its nextUpdate (RFC 6960 4.2.2.1), its status's
 * cap, nor what was left of the time (`leftMs`) where it was remembered before.
 */
export function usableUntil(
  answer: OcspAnswer,
  at: Date,
  retention: Retention,
  leftMs = Number.POSITIVE_INFINITY,
): Date {
  const rememberedMs = Math.min(retention.capMs[answer.status], leftMs)
  return new Date(Math.min(answer.usableUntil.getTime(), at.getTime() + rememberedMs))
}

/** An instant before `until` by a random part of the time that is left, so that processes do not act in step. */
export function spread(until: Date, at: Date, retention: Retention, random: Random): Date {
  const leftMs = Math.max(0, until.getTime() - at.getTime())
  return new Date(until.getTime() - Math.floor(leftMs * retention.jitter * random()))
}

/** Until when a failure at `at` is remembered. */
export function failureUntil(at: Date, retention: Retention, random: Random): Date {
  return spread(new Date(at.getTime() + retention.failureMs), at, retention, random)
}

/**
 * Whether an answer may take the place of one that is remembered: the issuer said it later (thisUpdate, then
 * producedAt). Between two of the same instant, revoked stays.
 */
export function replaces(newer: OcspAnswer, older: OcspAnswer | undefined): boolean {
  if (older === undefined) return true
  const later =
    newer.thisUpdate.getTime() - older.thisUpdate.getTime() || newer.producedAt.getTime() - older.producedAt.getTime()
  return later > 0 || (later === 0 && (newer.status === 'revoked' || older.status !== 'revoked'))
}
