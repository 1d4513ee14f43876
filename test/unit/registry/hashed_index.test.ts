import { expect } from 'chai'
import fc from 'fast-check'
import { HashedIndex, HashedIndexChanges } from '../../../src/registry/hashed_index.ts'

describe('an index by numbers', () => {
  it('has after any changes what was added and not removed, in that order, also under one number', () => {
    const value = fc.record({ number: fc.nat(3), id: fc.nat(1_000) })
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { maxLength: 6 }), { maxLength: 6 }),
        fc.infiniteStream(fc.nat()),
        (rounds, picks) => {
          let index = new HashedIndex<{ readonly id: number }>()
          let expected: { readonly number: number; readonly id: number }[] = []
          for (const added of rounds) {
            const before = { index, values: [0, 1, 2, 3].map((number) => index.get(number)) }
            const changes = new HashedIndexChanges(index)
            const gone = expected.filter(() => picks.next().value! % 3 === 0)
            for (const each of gone) changes.remove(each.number, each)
            for (const each of added) changes.add(each.number, each)
            index = changes.done()
            expected = [...expected.filter((each) => !gone.includes(each)), ...added]
            for (let number = 0; number < 4; number++) {
              expect(index.get(number)).to.deep.equal(expected.filter((each) => each.number === number))
              expect(before.index.get(number)).to.deep.equal(before.values[number])
            }
            expect([...index.values()]).to.have.members(expected)
          }
        },
      ),
    )
  })
})
