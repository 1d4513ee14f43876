import { expect } from 'chai'
import fc from 'fast-check'
import type { AttemptStore, Counted } from '../../src/lockout/attempt_store.ts'
import { type Attempts, afterFailure, type Limit, noAttempts } from '../../src/lockout/attempts.ts'
import { type Subject, subjectsOf } from '../../src/lockout/subject.ts'

export const limit: Limit = { attempts: 3, windowMs: 60_000, lockMs: 10_000, maxLockMs: 60_000 }

let named = 0
/** Subjects that no other test has. */
export const newSubjects = (): readonly Subject[] =>
  subjectsOf({ clientKey: `key-${named++}`, network: `2001:db8:0:${named.toString(16)}::/64` })

/** What every store of failed attempts does, wherever it keeps them. */
export function describeAttemptStore(name: string, open: () => AttemptStore): void {
  describe(name, () => {
    const start = Date.now()
    const fail = async (subjects: readonly Subject[], at = start, counting = limit): Promise<readonly Counted[]> => {
      const recorded = await open().record(
        subjects.map((subject) => ({ subject, limit: counting })),
        at,
      )
      if (recorded === undefined) throw new Error('it could not be counted')
      return recorded
    }

    it('counts against each subject, and tells once that a lock began', async () => {
      const [first, second] = newSubjects() as [Subject, Subject]
      await fail([first, second])
      await fail([first])
      const [counted, other] = (await fail([first, second])) as [Counted, Counted]
      expect(counted).to.deep.equal({
        ...{ failures: 0, windowUntil: 0, locks: 1, lockedUntil: start + 10_000, forgottenAt: start + 70_000 },
        began: true,
      })
      expect(other).to.include({ failures: 2, began: false })
      expect((await fail([first], start + 1))[0]).to.deep.equal({ ...counted, began: false })
    })

    it('counts each of those that come at once, and begins one lock', async () => {
      const [subject] = newSubjects() as [Subject]
      const counted = await Promise.all(Array.from({ length: 20 }, () => fail([subject])))
      expect(counted.filter(([each]) => each?.began)).to.have.length(1)
      expect(counted.filter(([each]) => each?.lockedUntil === 0)).to.have.length(limit.attempts - 1)
    })

    it('forgets what is lifted', async () => {
      const subjects = newSubjects()
      for (let i = 0; i < limit.attempts; i++) await fail(subjects)
      expect(await open().lift(subjects)).to.equal(true)
      for (const each of await fail(subjects)) expect(each).to.include({ failures: 1, locks: 0, lockedUntil: 0 })
    })

    it('does with any run of failures what the rule says', async function () {
      this.timeout(20_000)
      const limits = fc.record({
        attempts: fc.integer({ min: 1, max: 4 }),
        windowMs: fc.integer({ min: 100, max: 10_000 }),
        lockMs: fc.integer({ min: 100, max: 3_000 }),
        maxLockMs: fc.integer({ min: 3_000, max: 20_000 }),
      })
      const pauses = fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1, maxLength: 25 })
      await fc.assert(
        fc.asyncProperty(limits, pauses, async (counting, after) => {
          const [subject] = newSubjects() as [Subject]
          let [at, expected]: [number, Attempts] = [start, noAttempts]
          for (const ms of after) {
            at += ms
            const before = expected
            expected = afterFailure(before, counting, at)
            const [counted] = await fail([subject], at, counting)
            const began = expected.lockedUntil > at && expected.lockedUntil !== before.lockedUntil
            expect(counted).to.deep.equal({ ...expected, began })
          }
        }),
        { numRuns: 60 },
      )
    })
  })
}
