import { expect } from 'chai'
import fc from 'fast-check'
import { LayeredMap } from '../../../src/registry/layered_map.ts'

describe('a layered map', () => {
  it('says after any changes what a map says, and the one before says what it said', () => {
    const changes = fc.array(fc.tuple(fc.nat(300), fc.option(fc.nat(9), { nil: undefined })), { maxLength: 120 })
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 8 }), (rounds) => {
        let layered = new LayeredMap<number, number>(new Map())
        const plain = new Map<number, number>()
        for (const round of rounds) {
          const before = { layered, entries: new Map(plain) }
          layered = layered.with(new Map(round))
          for (const [key, value] of new Map(round)) {
            if (value === undefined) plain.delete(key)
            else plain.set(key, value)
          }
          const keys = Array.from({ length: 301 }, (_, key) => key)
          expect(keys.map((key) => layered.get(key))).to.deep.equal(keys.map((key) => plain.get(key)))
          expect(keys.map((key) => before.layered.get(key))).to.deep.equal(keys.map((key) => before.entries.get(key)))
          expect([...layered.values()].sort()).to.deep.equal([...plain.values()].sort())
        }
      }),
      { numRuns: 30 },
    )
  })
})
