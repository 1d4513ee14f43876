import { expect } from 'chai'
import { Schedule } from '../../../src/revocation/schedule.ts'

describe('schedule', () => {
  it('gives what is due, the longest overdue first, and each once', () => {
    const schedule = new Schedule()
    for (const [key, dueMs] of [
      ['c', 30],
      ['a', 10],
      ['d', 40],
      ['b', 20],
    ] as const)
      schedule.set(key, dueMs)
    expect(schedule.nextMs).to.equal(10)
    expect(schedule.takeDue(30, 2)).to.deep.equal(['a', 'b'])
    expect(schedule.takeDue(30, 2)).to.deep.equal(['c'])
    expect(schedule.takeDue(30, 2)).to.deep.equal([])
    expect(schedule.nextMs).to.equal(40)
  })

  it('moves what is set again, and forgets what is deleted', () => {
    const schedule = new Schedule()
    for (const key of ['a', 'b', 'c']) schedule.set(key, 10)
    schedule.set('a', 30)
    schedule.delete('b')
    schedule.delete('x')
    expect(schedule.dueMsOf('a')).to.equal(30)
    expect(schedule.dueMsOf('b')).to.equal(undefined)
    expect(schedule.takeDue(100, 10)).to.deep.equal(['c', 'a'])
    expect(schedule.nextMs).to.equal(undefined)
  })

  it('keeps its order among very many, whatever is moved and deleted', () => {
    const schedule = new Schedule()
    const due = new Map<string, number>()
    let seed = 1
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed
    }
    for (let i = 0; i < 100_000; i++) {
      const key = `key-${random() % 50_000}`
      if (random() % 4 === 0) {
        schedule.delete(key)
        due.delete(key)
      } else {
        const dueMs = random() % 1_000_000
        schedule.set(key, dueMs)
        due.set(key, dueMs)
      }
    }
    expect(schedule.size).to.equal(due.size).and.be.greaterThan(20_000)
    const taken = schedule.takeDue(1_000_000, due.size).map((key) => due.get(key)!)
    expect(taken).to.have.length(due.size)
    expect(taken).to.deep.equal([...due.values()].sort((a, b) => a - b))
  })
})
