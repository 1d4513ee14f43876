import { expect } from 'chai'
import type { SingleResponseOptions } from '../../support/ocsp.ts'
import { fixedNow } from '../../support/pki.ts'
import { type Expected, fromNow, minutes, outcome, verdict } from './ocsp_fixture.ts'

describe('the times of an OCSP response (RFC 6960 4.2.2.1)', () => {
  const at = (thisUpdate: number, nextUpdate: number | undefined, expected: Expected = {}) =>
    outcome(
      { thisUpdate: fromNow(thisUpdate), nextUpdate: nextUpdate === undefined ? undefined : fromNow(nextUpdate) },
      expected,
    )
  const skewMs = minutes(5)

  it('accepts thisUpdate up to now, and with the skew beyond', () => {
    expect(at(0, minutes(60))).to.equal('good')
    expect(at(1_000, minutes(60))).to.equal('not_yet_valid')
    expect(at(skewMs, minutes(60), { skewMs })).to.equal('good')
    expect(at(skewMs + 1_000, minutes(60), { skewMs })).to.equal('not_yet_valid')
  })

  it('accepts nextUpdate from now on, and with the skew before', () => {
    expect(at(-minutes(60), 0)).to.equal('good')
    expect(at(-minutes(60), -1_000)).to.equal('expired')
    expect(at(-minutes(60), -skewMs, { skewMs })).to.equal('good')
    expect(at(-minutes(60), -skewMs - 1_000, { skewMs })).to.equal('expired')
  })

  it('accepts by the skew and is not remembered by it: usableUntil stays nextUpdate', () => {
    const nextUpdate = fromNow(-minutes(1))
    expect(verdict({ nextUpdate }, { skewMs })).to.deep.include({ status: 'good', usableUntil: nextUpdate })
  })

  it('refuses a nextUpdate before its thisUpdate, however near', () => {
    expect(at(-minutes(1), -minutes(1) - 1_000, { skewMs })).to.equal('next_update_before_this_update')
    expect(at(-minutes(1), -minutes(1), { skewMs })).to.equal('good')
  })

  it('uses an answer without nextUpdate until the maximum age', () => {
    const maxAgeMs = minutes(30)
    expect(at(-maxAgeMs, undefined, { maxAgeMs })).to.equal('good')
    expect(at(-maxAgeMs - 1_000, undefined, { maxAgeMs })).to.equal('too_old')
    expect(verdict({ thisUpdate: fromNow(-minutes(10)), nextUpdate: undefined }, { maxAgeMs })).to.deep.include({
      nextUpdate: undefined,
      usableUntil: fromNow(minutes(20)),
    })
  })

  it('takes an absurd nextUpdate for none', () => {
    const nextUpdate = new Date('9999-12-31T23:59:59Z')
    const maxAgeMs = minutes(90)
    expect(verdict({ nextUpdate }, { maxAgeMs })).to.deep.include({
      status: 'good',
      nextUpdate,
      usableUntil: fromNow(minutes(30)),
    })
    expect(outcome({ nextUpdate }, { maxAgeMs: minutes(59) })).to.equal('too_old')
  })

  it('believes a nextUpdate of 366 days, and not of more', () => {
    const thisUpdate = fromNow(-minutes(60))
    const year = new Date(thisUpdate.getTime() + 366 * 86_400_000)
    expect(verdict({ nextUpdate: year })).to.deep.include({ usableUntil: year })
    expect(verdict({ nextUpdate: new Date(year.getTime() + 1_000) })).to.deep.include({ usableUntil: fixedNow })
  })

  it('refuses rather than guesses where its own clock or limits are no numbers', () => {
    expect(outcome({}, { at: new Date(Number.NaN) })).to.equal('not_yet_valid')
    expect(outcome({}, { skewMs: Number.NaN })).to.equal('not_yet_valid')
    expect(outcome({ nextUpdate: undefined }, { maxAgeMs: Number.NaN })).to.equal('too_old')
  })

  it('hold for revoked and unknown too', () => {
    for (const status of ['revoked', 'unknown'] as const)
      expect(outcome({ status, nextUpdate: fromNow(-1_000) })).to.equal('expired')
  })
})

describe('several single responses about one certificate (RFC 6960 4.2.1)', () => {
  const among = (main: SingleResponseOptions, others: SingleResponseOptions[]): [string, string] => [
    outcome({ ...main, before: others }),
    outcome({ ...main, after: others }),
  ]
  const both = (value: string): [string, string] => [value, value]
  const good = { status: 'good' } as const
  const unknown = { status: 'unknown' } as const
  const revoked = { status: 'revoked' } as const
  const past = { thisUpdate: fromNow(-minutes(120)), nextUpdate: fromNow(-minutes(60)) }
  const future = { thisUpdate: fromNow(minutes(60)) }

  it('that match: revoked beats unknown beats good, in any order', () => {
    expect(among(good, [revoked, unknown])).to.deep.equal(both('revoked'))
    expect(among(good, [unknown, revoked])).to.deep.equal(both('revoked'))
    expect(among(good, [unknown])).to.deep.equal(both('unknown'))
    expect(among(revoked, [good, good])).to.deep.equal(both('revoked'))
    expect(among(good, [good])).to.deep.equal(both('good'))
  })

  it('also when they name the certificate by different hashes', () => {
    expect(among(good, [{ ...revoked, certId: { hashAlgorithm: 'sha256' } }])).to.deep.equal(both('revoked'))
  })

  it('about other certificates do not count', () => {
    const other = { serialNumber: '7f' }
    expect(among(good, [{ ...revoked, certId: other }])).to.deep.equal(both('good'))
    expect(among({ ...good, certId: other }, [{ ...revoked, certId: other }])).to.deep.equal(both('cert_id_mismatch'))
  })

  it('where the graver one is out of time give no answer, never the milder one', () => {
    expect(among(good, [{ ...revoked, ...past }])).to.deep.equal(both('expired'))
    expect(among(good, [{ ...unknown, ...past }])).to.deep.equal(both('expired'))
    expect(among(good, [{ ...revoked, ...future }])).to.deep.equal(both('not_yet_valid'))
  })

  it('where the milder one is out of time give the graver one', () => {
    expect(among({ ...good, ...past }, [revoked])).to.deep.equal(both('revoked'))
    expect(among({ ...good, ...future }, [unknown])).to.deep.equal(both('unknown'))
  })

  it('of the same status give the newest that holds now', () => {
    const older = { thisUpdate: fromNow(-minutes(50)), nextUpdate: fromNow(minutes(10)) }
    const newer = { thisUpdate: fromNow(-minutes(40)), nextUpdate: fromNow(minutes(20)) }
    for (const [first, second] of [
      [older, newer],
      [newer, older],
    ] as const)
      expect(verdict({ ...first, after: [second, past, future] })).to.deep.include(newer)
    expect(verdict({ ...revoked, ...past, after: [{ ...revoked, ...older }] })).to.deep.include({
      status: 'revoked',
      ...older,
    })
  })
})
