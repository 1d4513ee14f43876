/*
 * When who fails is locked. Pure: time is an argument, in milliseconds since the epoch. `redis_attempts.ts` says the same in Lua.
 */

/** How many failures lock, and for how long. */
export interface Limit {
  /** So many failures within `windowMs` begin a lock. */
  readonly attempts: number
  readonly windowMs: number
  /** Of the first lock. It doubles with each one that follows before `maxLockMs` have passed since the last. */
  readonly lockMs: number
  readonly maxLockMs: number
}

/** What is remembered of one who failed. */
export interface Attempts {
  /** Since the window began. */
  readonly failures: number
  readonly windowUntil: number
  /** One after another. */
  readonly locks: number
  readonly lockedUntil: number
  /** From then on it is as if nothing had been. */
  readonly forgottenAt: number
}

export const noAttempts: Attempts = { failures: 0, windowUntil: 0, locks: 0, lockedUntil: 0, forgottenAt: 0 }

/** What one more failure makes of it. While it is locked, nothing is counted. */
export function afterFailure(before: Attempts, limit: Limit, now: number): Attempts {
  const known = isPlausible(before, limit, now) && now < before.forgottenAt ? before : noAttempts
  if (now < known.lockedUntil) return known
  const inWindow = now < known.windowUntil
  const failures = inWindow ? known.failures + 1 : 1
  if (failures >= limit.attempts) {
    const locks = known.locks + 1
    const lockedUntil = now + lockMs(locks, limit)
    return { failures: 0, windowUntil: 0, locks, lockedUntil, forgottenAt: lockedUntil + limit.maxLockMs }
  }
  const windowUntil = inWindow ? known.windowUntil : now + limit.windowMs
  return { ...known, failures, windowUntil, forgottenAt: Math.max(known.forgottenAt, windowUntil) }
}

/** How long the lock lasts that is the `locks`th in a row. */
export function lockMs(locks: number, limit: Limit): number {
  return Math.min(limit.lockMs * 2 ** Math.min(locks - 1, 31), limit.maxLockMs)
}

/** Whether the failures of a window that still lasts are any. */
export function hasFailed({ failures, windowUntil }: Attempts, now: number): boolean {
  return failures > 0 && now < windowUntil
}

/** By how much the clocks of a fleet may differ. */
export const skewMs = 60_000

/** What ends later than anything that this limit begins was written under another limit, or by somebody else. */
function isPlausible({ windowUntil, lockedUntil }: Attempts, limit: Limit, now: number): boolean {
  return windowUntil - now <= limit.windowMs + skewMs && lockedUntil - now <= limit.maxLockMs + skewMs
}
