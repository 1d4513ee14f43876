import { expect } from 'chai'
import type { OcspAnswer } from '../../../src/pki/ocsp_verification.ts'
import { MemoryCache, statusOf } from '../../../src/revocation/memory_cache.ts'
import { fixedNow } from '../../support/pki.ts'

const answer = (of: Partial<OcspAnswer> = {}): OcspAnswer => ({
  ...{ status: 'good', thisUpdate: fixedNow, producedAt: fixedNow, nextUpdate: undefined, usableUntil: fixedNow },
  ...{ responder: 'Example OCSP Responder', der: new Uint8Array() },
  ...of,
})
const remembered = (of: Partial<OcspAnswer> = {}) => ({
  ...{ answer: answer(of), untilMs: fixedNow.getTime() },
  status: statusOf(answer(of), fixedNow, 'memory'),
})

describe('memory cache', () => {
  it('keeps an answer until a later one comes, even when it is no longer used', () => {
    const cache = new MemoryCache({ maxEntries: 10 })
    const first = remembered()
    const newer = remembered({ thisUpdate: new Date(fixedNow.getTime() + 1) })
    expect(cache.remember('a', first)).to.equal(first)
    expect(cache.remember('a', newer)).to.equal(newer)
    expect(cache.remember('a', first)).to.equal(newer)
    expect(cache.get('a')).to.equal(newer)
  })

  it('is bounded, and forgets what was used least recently', () => {
    const cache = new MemoryCache({ maxEntries: 2 })
    for (const key of ['a', 'b']) cache.remember(key, remembered())
    cache.get('a')
    cache.remember('c', remembered())
    expect(cache.size).to.equal(2)
    expect([cache.get('a'), cache.get('b')].map((entry) => entry === undefined)).to.deep.equal([false, true])
  })

  it('says of an answer what requests need, and the reason only of a revocation', () => {
    const until = new Date(fixedNow.getTime() + 1_000)
    const found = { source: 'ocsp', tier: 'redis', thisUpdate: fixedNow, usableUntil: until }
    expect(statusOf(answer(), until, 'redis')).to.deep.equal({ status: 'good', ...found })
    expect(statusOf(answer({ status: 'unknown' }), until, 'redis')).to.deep.equal({ status: 'unknown', ...found })
    const revoked = answer({ status: 'revoked', revokedAt: fixedNow, revocationReason: 'keyCompromise' })
    expect(statusOf(revoked, until, 'redis')).to.deep.equal({
      ...{ status: 'revoked', ...found },
      ...{ reason: 'keyCompromise', revokedAt: fixedNow },
    })
  })
})
