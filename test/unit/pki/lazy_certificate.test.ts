import { expect } from 'chai'
import fc from 'fast-check'
import { CertificateError, certificateFromDer } from '../../../src/pki/certificate.ts'
import { lazyCertificate } from '../../../src/pki/lazy_certificate.ts'
import { Authority, der, nameDer } from '../../support/pki.ts'

const authority = Authority.root()
const usual = authority.issue({ commonName: 'acme', ocspUrls: ['http://ocsp.example.com/'], crlUrls: ['http://a/'] })

describe('a certificate of which little is kept', () => {
  it('says what it says when it is read whole', () => {
    const twoInOne = der.sequence(
      der.set(der.sequence(der.oid('2.5.4.10'), der.utf8('A')), der.sequence(der.oid('2.5.4.3'), der.utf8('b'))),
    )
    const all = [
      usual,
      authority.issue({ commonNames: [] }),
      authority.issue({ commonNames: ['acme', 'päivä', ' acme '] }),
      authority.issue({ commonName: 'acme', stringType: 'printable', serialNumber: '00ff' }),
      authority.issue({ subject: twoInOne }),
      authority.issue({ subject: nameDer(['2.5.4.3', der.ia5('acme')]) }),
      authority.issue({ qcStatements: { compliance: true, types: ['web'] }, organizationIdentifier: 'PSDFI-A-1' }),
    ]
    for (const issued of all) {
      const whole = certificateFromDer(issued.der)
      const lazy = lazyCertificate(issued.der)
      for (const key of Object.keys(whole) as (keyof typeof whole)[])
        expect(key === 'der' ? Buffer.from(lazy.der) : lazy[key], key).to.deep.equal(
          key === 'der' ? Buffer.from(whole.der) : whole[key],
        )
    }
  })

  it('is kept where the bytes it was read from are overwritten', () => {
    const bytes = Buffer.from(usual.der)
    const lazy = lazyCertificate(bytes)
    bytes.fill(0)
    expect(lazy.subject).to.equal(certificateFromDer(usual.der).subject)
  })

  it('throws what reading it whole throws, at once or when it is asked', () => {
    expect(() => lazyCertificate(Buffer.from('no certificate'))).to.throw(CertificateError)
    fc.assert(
      fc.property(fc.nat(usual.der.length - 1), fc.nat(255), (at, octet) => {
        const bytes = Buffer.from(usual.der)
        bytes[at] = octet
        let expected: string | undefined
        try {
          expected = certificateFromDer(bytes).serialNumber
        } catch (error) {
          expect(error).to.be.instanceOf(CertificateError)
        }
        try {
          const lazy = lazyCertificate(bytes)
          expect([lazy.serialNumber, lazy.notAfter, lazy.notBefore, expected].length).to.equal(4)
          expect(lazy.serialNumber).to.equal(expected)
        } catch (error) {
          expect(error).to.be.instanceOf(CertificateError)
          expect(expected).to.equal(undefined)
        }
      }),
      { numRuns: 400 },
    )
  })
})
