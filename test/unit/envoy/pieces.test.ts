import { expect } from 'chai'
import fc from 'fast-check'
import { Pieces } from '../../../src/envoy/pieces.ts'

describe('what comes in pieces', () => {
  it('is all of them, in order, and leaves each as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 60 }), (sent) => {
        const pieces = new Pieces()
        const given = sent.map((bytes) => Buffer.from(bytes))
        for (const piece of given) pieces.add(piece)
        expect(pieces.bytes).to.deep.equal(Buffer.concat(sent))
        expect(given.map((each) => [...each])).to.deep.equal(sent.map((each) => [...each]))
      }),
    )
  })

  it('is not copied where it is one', () => {
    const pieces = new Pieces()
    const only = Buffer.from('whole')
    pieces.add(only)
    expect(pieces.bytes.buffer).to.equal(only.buffer)
  })

  it('is copied a few times at most, however many they are', () => {
    const pieces = new Pieces()
    const places = new Set<ArrayBufferLike>()
    for (let i = 0; i < 200_000; i++) {
      pieces.add(Buffer.alloc(1, i))
      places.add(pieces.bytes.buffer)
    }
    expect(pieces.bytes.length).to.equal(200_000)
    expect(places.size).to.be.below(30)
  })
})
