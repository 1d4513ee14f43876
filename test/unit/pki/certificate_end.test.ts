import { expect } from 'chai'
import { CertificateError, certificateFromDer } from '../../../src/pki/certificate.ts'
import { notAfterIn } from '../../../src/pki/certificate_outline.ts'
import { lazyCertificate } from '../../../src/pki/lazy_certificate.ts'
import { Authority } from '../../support/pki.ts'

const issuing = Authority.root()

describe("a certificate's end, read without the rest", () => {
  it('is the one that the whole certificate has, in either notation', () => {
    for (const notAfter of [
      '2026-07-01T10:20:30Z',
      '2049-12-31T23:59:59Z',
      '2050-01-01T00:00:00Z',
      '9999-12-31T23:59:59Z',
    ]) {
      const { der } = issuing.issue({ notAfter: new Date(notAfter) })
      expect(notAfterIn(der), notAfter).to.equal(certificateFromDer(der).notAfter.getTime())
      expect(lazyCertificate(der).notAfter).to.deep.equal(new Date(notAfter))
    }
  })

  it('is refused where there is no such time', () => {
    const { der } = issuing.issue({ notAfter: new Date('2026-07-01T10:20:30Z') })
    const at = der.indexOf('260701102030Z')
    for (const time of ['261301102030Z', '260231102030Z', '2607011020 0Z', '260701102030+']) {
      const changed = Buffer.from(der)
      changed.write(time, at)
      expect(() => notAfterIn(changed), time).to.throw(CertificateError)
      expect(() => lazyCertificate(changed).notAfter, time).to.throw(CertificateError)
    }
  })
})
