import { expect } from 'chai'
import type { DevApp } from '../../../src/domain/devapp.ts'
import { CertificateError } from '../../../src/pki/certificate.ts'
import { expiriesOf, expiryHorizons, horizonOf } from '../../../src/registry/expiry.ts'
import { RegistrySnapshot } from '../../../src/registry/registry.ts'
import { certificate, devApp, now, registered } from '../../support/evidence.ts'

const dayMs = 86_400_000
const inDays = (days: number): Date => new Date(now.getTime() + days * dayMs)

/** One DevApp for each certificate, which ends in so many days. */
const ending = (days: number, changes: Partial<DevApp> = {}): DevApp =>
  devApp({
    id: `in-${days}d`,
    clientKey: `in-${days}d`,
    certificates: [registered(certificate({ sha256: `in-${days}d`, serialNumber: `${days}`, notAfter: inDays(days) }))],
    ...changes,
  })

describe('the end of a certificate', () => {
  const cases: [string, number, string | undefined][] = [
    ['is of no interest over 30 days before', 30 * dayMs + 1, undefined],
    ['comes within 30 days', 30 * dayMs, '30d'],
    ['comes within 14 days', 14 * dayMs, '14d'],
    ['comes within 7 days', 7 * dayMs, '7d'],
    ['comes within a day', dayMs, '1d'],
    ['has not passed at notAfter itself', 0, '1d'],
    ['has passed a moment later', -1, 'expired'],
  ]
  for (const [title, leftMs, horizon] of cases)
    it(title, () => expect(horizonOf(new Date(now.getTime() + leftMs), now)).to.equal(horizon))

  it('is counted within each number of days, and apart where it has passed', () => {
    const snapshot = new RegistrySnapshot([-400, -1, 0.5, 5, 6, 10, 20, 90].map((days) => ending(days)))
    expect(expiryHorizons(snapshot, now)).to.deep.equal({ expired: 2, '1d': 1, '7d': 3, '14d': 4, '30d': 5 })
  })

  it('is told with the DevApps that it concerns, the next end first', () => {
    const shared = ending(3, { id: 'other', clientKey: 'other' })
    const { soon } = expiriesOf(new RegistrySnapshot([ending(20), ending(3), shared, ending(90)]), now)
    expect(soon.map(({ horizon, owners }) => [horizon, owners.map(({ id }) => id)])).to.deep.equal([
      ['7d', ['in-3d', 'other']],
      ['30d', ['in-20d']],
    ])
  })

  it('is of no interest where only disabled DevApps have the certificate', () => {
    const disabled = ending(3, { status: 'disabled' })
    expect(expiriesOf(new RegistrySnapshot([disabled]), now).soon).to.deep.equal([])
    const alsoEnabled = ending(3, { id: 'other', clientKey: 'other' })
    expect(expiryHorizons(new RegistrySnapshot([disabled, alsoEnabled]), now)['7d']).to.equal(1)
  })

  it('is of no interest where a certificate cannot be read, and the others are looked at', () => {
    const broken = registered({
      ...certificate({ sha256: 'broken', serialNumber: 'ff' }),
      get notAfter(): Date {
        throw new CertificateError('no such time')
      },
    })
    const snapshot = new RegistrySnapshot([ending(5), devApp({ id: 'b', clientKey: 'b', certificates: [broken] })])
    expect(expiryHorizons(snapshot, now)).to.deep.include({ expired: 0, '7d': 1 })
  })

  it('is worth the next look when the first certificate comes within a nearer horizon', () => {
    const next = (...days: number[]) =>
      expiriesOf(new RegistrySnapshot(days.map((each) => ending(each))), now).nextCrossing
    expect(next(90, 45)).to.deep.equal(inDays(15))
    expect(next(90, 45, 20)).to.deep.equal(inDays(6))
    expect(next(0.5)).to.deep.equal(new Date(inDays(0.5).getTime() + 1))
    expect(next(-1)).to.equal(undefined)
  })
})
