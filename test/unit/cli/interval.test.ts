import { expect } from 'chai'
import { intervalText, seenFrom } from '../../../src/cli/interval.ts'

describe('a length of time for people', () => {
  const cases: readonly [ms: number, text: string][] = [
    [0, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m59s'],
    [3_600_000, '1h'],
    [3_659_000, '1h'],
    [90_000_000, '1d1h'],
    [86_400_000 + 59_000, '1d'],
    [400 * 86_400_000, '400d'],
  ]
  for (const [ms, text] of cases) it(`is ${text} for ${ms} ms`, () => expect(intervalText(ms)).to.equal(text))

  it('says on which side of now an instant lies', () => {
    const now = '2026-06-15T12:00:00.000Z'
    expect(seenFrom(now, '2026-06-15T15:04:00.000Z')).to.equal('in 3h4m')
    expect(seenFrom(now, '2026-06-15T11:59:50.000Z')).to.equal('10s ago')
    expect(seenFrom(now, now)).to.equal('in 0s')
  })
})
