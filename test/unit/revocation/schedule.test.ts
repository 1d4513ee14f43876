import { expect } from 'chai'
import { Schedule, type Scheduled, unscheduled } from '../../../src/revocation/schedule.ts'

interface Named extends Scheduled {
  readonly name: string
}
const named = (name: string): Named => ({ name, ...unscheduled })
const names = (items: readonly Named[]): string[] => items.map(({ name }) => name)

describe('schedule', () => {
  it('gives what is due, the longest overdue first, and each once', () => {
    const schedule = new Schedule<Named>()
    for (const [key, dueMs] of [
      ['c', 30],
      ['a', 10],
      ['d', 40],
      ['b', 20],
    ] as const)
      schedule.set(named(key), dueMs)
    expect(schedule.nextMs).to.equal(10)
    expect(names(schedule.takeDue(30, 2))).to.deep.equal(['a', 'b'])
    expect(names(schedule.takeDue(30, 2))).to.deep.equal(['c'])
    expect(names(schedule.takeDue(30, 2))).to.deep.equal([])
    expect(schedule.nextMs).to.equal(40)
  })

  it('moves what is set again, and forgets what is deleted', () => {
    const schedule = new Schedule<Named>()
    const [a, b, c] = ['a', 'b', 'c'].map(named) as [Named, Named, Named]
    for (const each of [a, b, c]) schedule.set(each, 10)
    schedule.set(a, 30)
    schedule.delete(b)
    schedule.delete(named('x'))
    expect(a).to.include({ dueMs: 30 })
    expect([a, b, c].map(({ place }) => place >= 0)).to.deep.equal([true, false, true])
    expect(names(schedule.takeDue(100, 10))).to.deep.equal(['c', 'a'])
    expect([a, b, c].map(({ place }) => place)).to.deep.equal([-1, -1, -1])
    expect(schedule.nextMs).to.equal(undefined)
  })

  it('keeps its order among very many, whatever is moved and deleted', () => {
    const schedule = new Schedule<Named>()
    const items = Array.from({ length: 50_000 }, (_, i) => named(String(i)))
    const due = new Map<Named, number>()
    let seed = 1
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed
    }
    for (let i = 0; i < 100_000; i++) {
      const item = items[random() % items.length] as Named
      if (random() % 4 === 0) {
        schedule.delete(item)
        due.delete(item)
      } else {
        const dueMs = random() % 1_000_000
        schedule.set(item, dueMs)
        due.set(item, dueMs)
      }
    }
    expect(schedule.size).to.equal(due.size).and.be.greaterThan(20_000)
    const taken = schedule.takeDue(1_000_000, due.size).map((item) => due.get(item)!)
    expect(taken).to.have.length(due.size)
    expect(taken).to.deep.equal([...due.values()].sort((a, b) => a - b))
  })
})
