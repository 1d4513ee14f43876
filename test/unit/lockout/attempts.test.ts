import { expect } from 'chai'
import {
  type Attempts,
  afterFailure,
  hasFailed,
  type Limit,
  lockMs,
  noAttempts,
} from '../../../src/lockout/attempts.ts'

const second = 1_000
const limit: Limit = { attempts: 3, windowMs: 60 * second, lockMs: 10 * second, maxLockMs: 60 * second }
const start = 1_000_000

const failing = (times: number, at = start, before: Attempts = noAttempts): Attempts =>
  times === 0 ? before : failing(times - 1, at, afterFailure(before, limit, at))

describe('who fails', () => {
  it('is not locked below the limit, and is by the failure that reaches it', () => {
    expect(failing(2)).to.include({ failures: 2, lockedUntil: 0 })
    expect(failing(3)).to.include({ failures: 0, locks: 1, lockedUntil: start + 10 * second })
  })

  it('is not locked by failures that are further apart than the window', () => {
    const later = afterFailure(failing(2), limit, start + limit.windowMs)
    expect(later).to.include({ failures: 1, lockedUntil: 0 })
    expect(hasFailed(later, start + limit.windowMs)).to.equal(true)
    expect(hasFailed(later, start + 2 * limit.windowMs)).to.equal(false)
  })

  it('makes the lock no longer by failing while it lasts', () => {
    const locked = failing(3)
    expect(failing(50, start + 9 * second, locked)).to.deep.equal(locked)
  })

  it('is locked twice as long each time, up to the longest', () => {
    const lasted: number[] = []
    let attempts = noAttempts
    for (let at = start; lasted.length < 6; at = attempts.lockedUntil) {
      attempts = failing(3, at, attempts)
      lasted.push((attempts.lockedUntil - at) / second)
    }
    expect(lasted).to.deep.equal([10, 20, 40, 60, 60, 60])
    expect(lockMs(1e9, limit)).to.equal(limit.maxLockMs)
  })

  it('is locked for a first time again after as long as the longest lock', () => {
    const locked = failing(3)
    const within = locked.lockedUntil + limit.maxLockMs - 1
    expect(failing(3, within, locked).locks).to.equal(2)
    expect(failing(3, within + 1, locked).locks).to.equal(1)
  })

  it('is locked by the first failure where the limit is one', () => {
    expect(afterFailure(noAttempts, { ...limit, attempts: 1 }, start).lockedUntil).to.equal(start + 10 * second)
  })

  it('is no longer locked than a limit that was lowered allows', () => {
    const before: Attempts = { ...failing(3), lockedUntil: start + 86_400_000, forgottenAt: start + 2 * 86_400_000 }
    expect(afterFailure(before, limit, start)).to.include({ failures: 1, lockedUntil: 0 })
  })
})
