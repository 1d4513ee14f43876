import { expect } from 'chai'
import type { CertificateStatus } from '../../../../src/domain/evidence.ts'
import { withCrl } from '../../../../src/revocation/crl/crl_fallback.ts'
import { fixedNow } from '../../../support/pki.ts'

type Given = CertificateStatus | Promise<CertificateStatus>

const common = { tier: 'memory', thisUpdate: fixedNow, usableUntil: fixedNow } as const
const good = (source: 'ocsp' | 'crl'): CertificateStatus => ({ status: 'good', source, ...common })
const revoked = (source: 'ocsp' | 'crl'): CertificateStatus => ({
  ...{ status: 'revoked', source, reason: undefined, revokedAt: undefined },
  ...common,
})
const unknown: CertificateStatus = { status: 'unknown', source: 'ocsp', ...common }
const noSource: CertificateStatus = { status: 'no_source' }
const unavailable = (cause: string, lastRevoked = false): CertificateStatus => ({
  ...{ status: 'unavailable', cause, lastRevoked },
})

describe('OCSP with the CRL behind it', () => {
  let asked = 0
  const statusOf = (byOcsp: Given, byCrl: Given, tolerateUnavailable = false): Given => {
    asked = 0
    const askCrl = (): Given => {
      asked++
      return byCrl
    }
    return withCrl(byOcsp, askCrl, tolerateUnavailable)
  }

  it('asks the CRL only where OCSP has no answer', () => {
    for (const answer of [good('ocsp'), revoked('ocsp'), unknown]) {
      expect(statusOf(answer, revoked('crl'))).to.equal(answer)
      expect(asked).to.equal(0)
    }
    expect(statusOf(noSource, good('crl'))).to.deep.equal(good('crl'))
    expect(statusOf(unavailable('down'), good('crl'))).to.deep.equal(good('crl'))
    expect(statusOf(unavailable('down'), revoked('crl'))).to.deep.equal(revoked('crl'))
    expect(asked).to.equal(1)
  })

  it('tells no source from a source that does not answer', () => {
    expect(statusOf(noSource, noSource)).to.equal(noSource)
    expect(statusOf(noSource, unavailable('crl: 404'))).to.deep.equal(unavailable('crl: 404'))
    expect(statusOf(unavailable('down'), noSource)).to.deep.equal(unavailable('down'))
    expect(statusOf(unavailable('down'), unavailable('crl: 404'))).to.deep.equal(unavailable('down; crl: 404'))
  })

  it('never makes good of what was last said to be revoked', () => {
    expect(statusOf(unavailable('down', true), good('crl'))).to.deep.equal(unavailable('down', true))
    expect(statusOf(unavailable('down', true), revoked('crl'))).to.deep.equal(revoked('crl'))
    expect(statusOf(unavailable('down', true), noSource)).to.deep.include({ lastRevoked: true })
    expect(statusOf(unavailable('down', true), unavailable('crl: 404'))).to.deep.include({ lastRevoked: true })
    for (const byOcsp of [unavailable('down'), noSource])
      expect(statusOf(byOcsp, unavailable('crl: old', true))).to.deep.include({ lastRevoked: true })
  })

  it('keeps apart what the configuration tolerates: no answer, and no source', () => {
    const tolerated = { tolerated: true } as const
    expect(statusOf({ ...noSource, ...tolerated }, noSource)).to.include(tolerated)
    expect(statusOf({ ...noSource, ...tolerated }, unavailable('crl: 404'))).to.not.have.property('tolerated')
    expect(statusOf(noSource, unavailable('crl: 404'), true)).to.include(tolerated)
    expect(statusOf({ ...unavailable('down'), ...tolerated }, unavailable('crl: 404'), true)).to.include(tolerated)
    expect(statusOf({ ...unavailable('down'), ...tolerated }, noSource)).to.include(tolerated)
  })

  it('waits for both at once', async () => {
    const soon = (status: CertificateStatus): Promise<CertificateStatus> => Promise.resolve(status)
    const found = statusOf(new Promise(() => {}), good('crl'))
    expect(asked).to.equal(1)
    expect(found).to.be.instanceOf(Promise)
    expect(await statusOf(soon(unavailable('down')), soon(good('crl')))).to.deep.equal(good('crl'))
    expect(await statusOf(soon(unavailable('down')), good('crl'))).to.deep.equal(good('crl'))
    expect(await statusOf(soon(good('ocsp')), new Promise(() => {}))).to.deep.equal(good('ocsp'))
    expect(await statusOf(noSource, soon(good('crl')))).to.deep.equal(good('crl'))
  })
})
