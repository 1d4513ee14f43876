import { expect } from 'chai'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { crlSubjectOf, statusByCrl } from '../../../src/pki/crl_status.ts'
import { fullName, type IssuingDistributionPointOptions } from '../../support/crl.ts'
import { der, type IssuedCertificate } from '../../support/pki.ts'
import { authority, fromNow, leaf, location, minutes, root, statusOf, verified } from './crl_fixture.ts'

const subjectOf = (certificate: IssuedCertificate) => crlSubjectOf(certificateFromDer(certificate.der))

describe('what a CRL says of a certificate (RFC 5280 6.3.3)', () => {
  const listed = { serialNumber: leaf.serialNumber }

  it('is revoked where it lists the serial number, with reason and date, and otherwise good', () => {
    expect(statusByCrl(verified({ revoked: [{ ...listed, reason: 1 }] }), subjectOf(leaf))).to.deep.equal({
      ...{ status: 'revoked', reason: 'keyCompromise', revokedAt: fromNow(-minutes(120)) },
    })
    expect(statusByCrl(verified(), subjectOf(leaf))).to.deep.equal({ status: 'good' })
    expect(statusOf(leaf, { revoked: [{ serialNumber: '8001' }, { serialNumber: '00800100' }] })).to.equal('good')
  })

  it('is revoked by any reason, also by one that is unknown or out of place (5.3.1)', () => {
    const reasonOf = (reason: number | undefined) => {
      const said = statusByCrl(
        verified({ revoked: [{ ...listed, ...(reason === undefined ? {} : { reason }) }] }),
        subjectOf(leaf),
      )
      return said.status === 'revoked' ? said.reason : said
    }
    expect([0, 3, 4, 5, 6, 9, 10].map(reasonOf)).to.deep.equal([
      ...['unspecified', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'certificateHold'],
      ...['privilegeWithdrawn', 'aACompromise'],
    ])
    expect([undefined, 7, 99].map(reasonOf)).to.deep.equal([undefined, undefined, undefined])
    expect(reasonOf(8), 'removeFromCRL is for delta CRLs').to.equal('removeFromCRL')
  })

  it('is nothing where another issuer issued it', () => {
    expect(statusOf(root.issue())).to.equal('issuer_mismatch')
  })

  describe('depends on its scope (5.2.5)', () => {
    const said = (point: IssuingDistributionPointOptions, certificate = leaf): string =>
      statusOf(certificate, { issuingDistributionPoint: point })
    const ca = authority.issueAuthority().certificate

    it('which may be end entities or CAs only', () => {
      expect(said({ onlyContainsUserCerts: true })).to.equal('good')
      expect(said({ onlyContainsCaCerts: true })).to.equal('other_certificates')
      expect(said({ onlyContainsUserCerts: true }, ca)).to.equal('other_certificates')
      expect(said({ onlyContainsCaCerts: true }, ca)).to.equal('good')
      expect(said({ onlyContainsCaCerts: false })).to.equal('good')
      expect(said({ onlyContainsUserCerts: true }, authority.issue({ ca: false }))).to.equal('good')
    })

    it('which may be one distribution point: one that the certificate names (b)(2)(i)', () => {
      expect(said({ urls: [location] })).to.equal('good')
      expect(said({ urls: ['ldap://crl.example.com/issuing', location] })).to.equal('good')
      expect(said({ urls: ['http://crl.example.com/other.crl'] })).to.equal('distribution_point_mismatch')
      expect(said({ urls: [`${location}2`] })).to.equal('distribution_point_mismatch')
      expect(said({ urls: [location] }, authority.issue())).to.equal('distribution_point_mismatch')
    })
  })
})

describe('the distribution points of a certificate (RFC 5280 4.2.1.13)', () => {
  const [first, second] = ['http://a.example/1.crl', 'http://b.example/2.crl']
  const name = (...urls: string[]): Buffer => der.explicit(0, fullName(...urls))
  const urlsOf = (...points: Uint8Array[]): readonly string[] =>
    subjectOf(authority.issue({ extensions: [{ oid: '2.5.29.31', value: der.sequence(...points) }] })).urls

  it('are used in order, each name of them once', () => {
    expect(urlsOf(der.sequence(name(first, second)), der.sequence(name(first)))).to.deep.equal([first, second])
    expect(subjectOf(authority.issue()).urls).to.deep.equal([])
  })

  it('are passed over where they are for some reasons, or of another CRL issuer', () => {
    const reasons = der.implicit(1, Buffer.of(1, 0x40))
    const crlIssuer = der.explicit(2, der.explicit(4, root.certificate.subjectDer))
    expect(urlsOf(der.sequence(name(first), reasons), der.sequence(name(second)))).to.deep.equal([second])
    expect(urlsOf(der.sequence(name(first), crlIssuer))).to.deep.equal([])
    expect(urlsOf(der.sequence(crlIssuer), der.sequence(name(second)))).to.deep.equal([second])
  })

  it('are passed over where they are named relative to the issuer, or cannot be read', () => {
    const relative = der.explicit(0, der.explicit(1, der.sequence(der.oid('2.5.4.3'), der.utf8('x'))))
    expect(urlsOf(der.sequence(relative), der.sequence(name(second)))).to.deep.equal([second])
    expect(urlsOf(der.sequence(name(first), der.null()), der.sequence(name(second)))).to.deep.equal([second])
  })

  it('and nothing else count where the certificate itself cannot be read', () => {
    const certificate = { ...certificateFromDer(leaf.der), der: Buffer.from('rubbish') }
    expect(crlSubjectOf(certificate)).to.deep.include({ urls: [], pointNames: new Set() })
  })
})
