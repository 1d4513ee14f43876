import { expect } from 'chai'
import { TokenBuckets } from '../../../src/limits/token_buckets.ts'

const allowance = { requests: 3, perMs: 60_000 }
const at = (seconds: number) => new Date(seconds * 1_000)

function emptied(): TokenBuckets {
  const buckets = new TokenBuckets()
  for (let i = 0; i < allowance.requests; i++) expect(buckets.take('a', allowance, at(0))).to.equal(0)
  return buckets
}

describe('TokenBuckets', () => {
  it('gives so many at once, and says how long the next one takes', () => {
    expect(emptied().take('a', allowance, at(0))).to.equal(20_000)
  })

  it('gives the next one exactly when it said, and takes nothing for a refusal', () => {
    const buckets = emptied()
    expect(buckets.take('a', allowance, at(15))).to.equal(5_000)
    expect(buckets.take('a', allowance, at(19.999))).to.equal(1)
    expect(buckets.take('a', allowance, at(20))).to.equal(0)
    expect(buckets.take('a', allowance, at(20))).to.equal(20_000)
  })

  it('gives no more than all of them after a long silence', () => {
    const buckets = emptied()
    for (let i = 0; i < allowance.requests; i++) expect(buckets.take('a', allowance, at(86_400))).to.equal(0)
    expect(buckets.take('a', allowance, at(86_400))).to.be.greaterThan(0)
  })

  it('keeps one from the other', () => {
    expect(emptied().take('b', allowance, at(0))).to.equal(0)
  })

  it('gives nothing for a clock that is set back', () => {
    const buckets = emptied()
    expect(buckets.take('a', allowance, at(-3_600))).to.equal(20_000)
    expect(buckets.take('a', allowance, at(10))).to.equal(10_000)
  })

  it('forgets the one that was silent longest, once there are more than it remembers', () => {
    const buckets = emptied()
    for (let i = 0; i < 9_999; i++) buckets.take(`other ${i}`, allowance, at(0))
    expect(buckets.take('a', allowance, at(0))).to.equal(20_000)
    for (let i = 0; i < 10_000; i++) buckets.take(`more ${i}`, allowance, at(0))
    expect(buckets.take('a', allowance, at(0))).to.equal(0)
  })
})
