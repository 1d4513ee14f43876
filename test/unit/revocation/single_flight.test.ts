import { expect } from 'chai'
import { SingleFlight } from '../../../src/revocation/single_flight.ts'

describe('single flight', () => {
  it('starts work once for a key, and again when it has ended', async () => {
    const flights = new SingleFlight<number>()
    let started = 0
    const work = async () => ++started
    const first = [flights.join('a', work), flights.join('a', work), flights.join('b', work)]
    expect(flights.has('a')).to.equal(true)
    expect(await Promise.all(first)).to.deep.equal([1, 1, 2])
    await flights.settled()
    expect(flights.has('a')).to.equal(false)
    expect(await flights.join('a', work)).to.equal(3)
  })
})
