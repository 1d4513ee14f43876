import { expect } from 'chai'
import { MemoryAttempts } from '../../../src/lockout/memory_attempts.ts'
import { describeAttemptStore, limit, newSubjects } from '../../support/attempt_store_contract.ts'

const store = new MemoryAttempts()
describeAttemptStore('failed attempts in memory', () => store)

describe('failed attempts in memory', () => {
  it('take no more room in a flood, and a flood of ClientKeys pushes out no address', () => {
    const small = new MemoryAttempts({ max: 10 })
    const [, address] = newSubjects()
    if (address === undefined) throw new Error('no address')
    small.record([{ subject: address, limit }], 0)
    for (let i = 0; i < 1_000; i++) {
      const [clientKey, , everywhere] = newSubjects()
      small.record(
        [clientKey, everywhere].flatMap((subject) => (subject === undefined ? [] : [{ subject, limit }])),
        0,
      )
    }
    expect(small.size).to.equal(21)
    expect(small.of('address', address.id).failures).to.equal(1)
  })
})
