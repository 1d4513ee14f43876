import { expect } from 'chai'
import type { CertIdOptions } from '../../support/ocsp.ts'
import { der } from '../../support/pki.ts'
import { fromNow, outcome } from './ocsp_fixture.ts'

describe('the extensions of an OCSP response (RFC 6960 4.4)', () => {
  const critical = [{ oid: '1.3.6.1.4.1.99999.1', critical: true }]
  const harmless = [{ oid: '1.3.6.1.4.1.99999.1' }]
  const about: CertIdOptions = { serialNumber: '01' }

  it('that are critical and not understood refuse the response, wherever they stand', () => {
    expect(outcome({ responseExtensions: critical })).to.equal('unknown_critical_extension')
    expect(outcome({ singleExtensions: critical })).to.equal('unknown_critical_extension')
    expect(outcome({ after: [{ singleExtensions: critical }] })).to.equal('unknown_critical_extension')
  })

  it('that are not critical do not', () => {
    expect(outcome({ responseExtensions: harmless, singleExtensions: harmless })).to.equal('good')
  })

  it('of a single response about another certificate do not matter', () => {
    expect(outcome({ after: [{ singleExtensions: critical, certId: about }] })).to.equal('good')
  })

  it('archiveCutoff, critical or not, does not lengthen the time of an answer (RFC 6960 4.4.4)', () => {
    const value = der.generalizedTime(new Date('2030-01-01T00:00:00Z'))
    for (const critical of [false, true]) {
      const singleExtensions = [{ oid: '1.3.6.1.5.5.7.48.1.6', critical, value }]
      expect(outcome({ singleExtensions, nextUpdate: fromNow(-1_000) })).to.equal('expired')
      expect(outcome({ singleExtensions })).to.equal('good')
    }
  })
})

describe('the nonce of an OCSP response (RFC 9654)', () => {
  const nonce = Buffer.alloc(32, 7)

  it('that is repeated is accepted', () => {
    expect(outcome({ nonce }, { nonce, nonceRequired: true })).to.equal('good')
  })

  it('that is another is refused, required or not', () => {
    for (const other of [Buffer.alloc(32, 8), nonce.subarray(1), Buffer.concat([nonce, nonce]), Buffer.alloc(0)])
      for (const nonceRequired of [false, true])
        expect(outcome({ nonce: other }, { nonce, nonceRequired })).to.equal('nonce_mismatch')
  })

  it('that is absent is refused only where it is required', () => {
    expect(outcome({}, { nonce })).to.equal('good')
    expect(outcome({}, { nonce, nonceRequired: false })).to.equal('good')
    expect(outcome({}, { nonce, nonceRequired: true })).to.equal('nonce_missing')
  })

  it('that nobody sent does not matter', () => expect(outcome({ nonce })).to.equal('good'))

  it('counts in responseExtensions only', () => {
    const singleExtensions = [{ oid: '1.3.6.1.5.5.7.48.1.2', value: der.octetString(nonce) }]
    expect(outcome({ singleExtensions }, { nonce, nonceRequired: true })).to.equal('nonce_missing')
  })

  it('that is not wrapped in an OCTET STRING, or critical, is judged all the same', () => {
    const bare = [{ oid: '1.3.6.1.5.5.7.48.1.2', value: nonce }]
    expect(outcome({ responseExtensions: bare }, { nonce })).to.equal('nonce_mismatch')
    const critical = [{ oid: '1.3.6.1.5.5.7.48.1.2', critical: true, value: der.octetString(nonce) }]
    expect(outcome({ responseExtensions: critical }, { nonce })).to.equal('good')
  })
})
