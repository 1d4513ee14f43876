import { expect } from 'chai'
import type { OcspAnswer } from '../../../src/pki/ocsp_verification.ts'
import { failureUntil, replaces, spread, usableUntil } from '../../../src/revocation/retention.ts'
import { fixedNow } from '../../support/pki.ts'

const minuteMs = 60_000
const inMinutes = (minutes: number): Date => new Date(fixedNow.getTime() + minutes * minuteMs)
const answer = (of: Partial<OcspAnswer> = {}): OcspAnswer => ({
  ...{
    status: 'good',
    thisUpdate: inMinutes(-60),
    producedAt: inMinutes(-60),
    nextUpdate: inMinutes(600),
    usableUntil: inMinutes(600),
  },
  ...{ responder: 'Example OCSP Responder', der: new Uint8Array() },
  ...of,
})
const retention = {
  capMs: { good: 1_000 * minuteMs, revoked: 30 * minuteMs, unknown: 5 * minuteMs },
  ...{ failureMs: 10_000, jitter: 0.1 },
}

describe('retention', () => {
  it('ends at nextUpdate (RFC 6960 4.2.2.1)', () => {
    expect(usableUntil(answer(), fixedNow, retention)).to.deep.equal(inMinutes(600))
  })

  it('is capped by status: a false revoked or unknown does not stay for days', () => {
    expect(usableUntil(answer({ status: 'revoked' }), fixedNow, retention)).to.deep.equal(inMinutes(30))
    expect(usableUntil(answer({ status: 'unknown' }), fixedNow, retention)).to.deep.equal(inMinutes(5))
    const capped = { ...retention, capMs: { ...retention.capMs, good: minuteMs } }
    expect(usableUntil(answer(), fixedNow, capped)).to.deep.equal(inMinutes(1))
  })

  it('never goes past nextUpdate for a cap, on hold neither', () => {
    const held = answer({ status: 'revoked', revocationReason: 'certificateHold', usableUntil: inMinutes(2) })
    expect(usableUntil(held, fixedNow, retention)).to.deep.equal(inMinutes(2))
  })

  it('does not begin anew where an answer was remembered before', () => {
    expect(usableUntil(answer({ status: 'revoked' }), fixedNow, retention, 7 * minuteMs)).to.deep.equal(inMinutes(7))
    expect(usableUntil(answer({ status: 'revoked' }), fixedNow, retention, 99 * minuteMs)).to.deep.equal(inMinutes(30))
  })

  it('is spread backwards by at most its jitter', () => {
    expect(spread(inMinutes(100), fixedNow, retention, () => 0)).to.deep.equal(inMinutes(100))
    expect(spread(inMinutes(100), fixedNow, retention, () => 0.5)).to.deep.equal(inMinutes(95))
    expect(spread(inMinutes(-1), fixedNow, retention, () => 0.5)).to.deep.equal(inMinutes(-1))
  })

  it('is short for failures', () => {
    expect(failureUntil(fixedNow, retention, () => 0)).to.deep.equal(new Date(fixedNow.getTime() + 10_000))
    expect(failureUntil(fixedNow, retention, () => 0.5)).to.deep.equal(new Date(fixedNow.getTime() + 9_500))
  })

  describe('a replacement', () => {
    it('is whatever comes where nothing is known', () => {
      expect(replaces(answer(), undefined)).to.equal(true)
    })

    it('has a later thisUpdate, whatever it says', () => {
      const newer = answer({ thisUpdate: inMinutes(-30) })
      expect(replaces(newer, answer({ status: 'revoked' }))).to.equal(true)
      expect(replaces(answer({ status: 'revoked' }), newer)).to.equal(false)
    })

    it('was produced later where thisUpdate is the same', () => {
      const newer = answer({ producedAt: inMinutes(-30) })
      expect(replaces(newer, answer({ status: 'revoked' }))).to.equal(true)
      expect(replaces(answer({ status: 'revoked' }), newer)).to.equal(false)
    })

    it('of the same instant never turns revoked into good', () => {
      expect(replaces(answer(), answer({ status: 'revoked' }))).to.equal(false)
      expect(replaces(answer({ status: 'revoked' }), answer())).to.equal(true)
      expect(replaces(answer(), answer())).to.equal(true)
      expect(replaces(answer({ status: 'revoked' }), answer({ status: 'revoked' }))).to.equal(true)
    })
  })
})
