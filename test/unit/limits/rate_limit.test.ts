import { expect } from 'chai'
import { RateLimit } from '../../../src/limits/rate_limit.ts'

const now = new Date('2026-06-15T12:00:00Z')
const limits = { requests: 2, total: 4, perMs: 60_000 }

describe('RateLimit', () => {
  it('refuses the source that comes too often, and no other', () => {
    const limit = new RateLimit()
    for (const _ of [1, 2]) expect(limit.admit('192.0.2.1', limits, now)).to.deep.equal({ admitted: true })
    expect(limit.admit('192.0.2.1', limits, now)).to.deep.equal({ admitted: false, by: 'source', retryAfterMs: 30_000 })
    expect(limit.admit('192.0.2.2', limits, now)).to.deep.equal({ admitted: true })
  })

  it('counts the addresses of one IPv6 host as one', () => {
    const limit = new RateLimit()
    for (const host of ['1', '2'])
      expect(limit.admit(`2001:db8::${host}`, limits, now)).to.deep.equal({ admitted: true })
    expect(limit.admit('2001:db8::3', limits, now)).to.include({ admitted: false, by: 'source' })
  })

  it('refuses everybody once all together came too often', () => {
    const limit = new RateLimit()
    for (const host of [1, 2, 3, 4]) limit.admit(`192.0.2.${host}`, limits, now)
    expect(limit.admit('192.0.2.5', limits, now)).to.deep.equal({ admitted: false, by: 'total', retryAfterMs: 15_000 })
  })

  it('takes nothing from the others for one that is refused', () => {
    const limit = new RateLimit()
    for (let i = 0; i < 100; i++) limit.admit('192.0.2.1', limits, now)
    for (const host of [2, 3]) expect(limit.admit(`192.0.2.${host}`, limits, now)).to.deep.equal({ admitted: true })
  })
})
