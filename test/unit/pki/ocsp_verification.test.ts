import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { ocspRejections } from '../../../src/pki/ocsp_rejection.ts'
import { verifyOcspResponse } from '../../../src/pki/ocsp_verification.ts'
import { type CertIdOptions, issueDelegate, ocspError, ocspResponse, responseStatuses } from '../../support/ocsp.ts'
import { Authority, der, publicKeyBits } from '../../support/pki.ts'
import {
  authority,
  certificate,
  expectation,
  fromNow,
  minutes,
  outcome,
  outcomeOf,
  root,
  subject,
  subjectOf,
  verdict,
} from './ocsp_fixture.ts'

describe('verifyOcspResponse', () => {
  it('gives what a good answer says', () => {
    const bytes = ocspResponse({ authority, certificate, producedAt: fromNow(-minutes(5)) })
    expect(verifyOcspResponse(bytes, expectation())).to.deep.equal({
      status: 'good',
      thisUpdate: fromNow(-minutes(60)),
      nextUpdate: fromNow(minutes(23 * 60)),
      producedAt: fromNow(-minutes(5)),
      usableUntil: fromNow(minutes(23 * 60)),
      responder: 'CN=Example Issuing CA,O=Example Oy,C=FI',
      der: bytes,
    })
  })

  it('says what every code means', () => {
    for (const [code, meaning] of Object.entries(ocspRejections)) {
      expect(code).to.match(/^[a-z][a-z0-9_]+$/)
      expect(meaning).to.match(/^[A-Z].*\.$/)
    }
  })

  describe('responseStatus (RFC 6960 4.2.1)', () => {
    for (const [name, responseStatus] of Object.entries(responseStatuses)) {
      it(`${name} is no answer, also beside a signed good and a signed revoked`, () => {
        for (const status of ['good', 'revoked'] as const) {
          const rejection = { status: 'rejected', code: 'not_successful', detail: name }
          expect(verdict({ responseStatus, status })).to.deep.equal(rejection)
        }
        expect(outcomeOf(ocspError(name as keyof typeof responseStatuses))).to.equal('not_successful')
      })
    }

    it('another type than id-pkix-ocsp-basic is no answer', () => {
      expect(outcome({ responseType: '1.3.6.1.5.5.7.48.1.2' })).to.equal('response_type_unknown')
    })
  })

  describe('strict DER (RFC 6960 4.2.1, X.690)', () => {
    const good = ocspResponse({ authority, certificate })

    it('refuses bytes after the end', () => {
      expect(outcomeOf(good)).to.equal('good')
      expect(outcomeOf(Buffer.concat([good, Buffer.of(0)]))).to.equal('malformed')
      expect(outcomeOf(Buffer.concat([good, good]))).to.equal('malformed')
    })

    it('refuses BER: an indefinite length, a long length', () => {
      expect(good.subarray(0, 2).toString('hex')).to.equal('3082')
      expect(outcomeOf(Buffer.concat([Buffer.from('3080', 'hex'), good.subarray(4), Buffer.alloc(2)]))).to.equal(
        'malformed',
      )
      expect(outcomeOf(Buffer.concat([Buffer.from('308300', 'hex'), good.subarray(2)]))).to.equal('malformed')
    })

    it('refuses an error page, nothing, and more than 64 KiB', () => {
      expect(outcomeOf(Buffer.from('<html><body>Bad gateway</body></html>'))).to.equal('malformed')
      expect(outcomeOf(Buffer.alloc(0))).to.equal('malformed')
      expect(outcomeOf(Buffer.alloc(70_000, 0x30))).to.equal('malformed')
    })

    it('refuses times with fractions of a second', () => {
      expect(outcome({ thisUpdateDer: der.tlv(0x18, Buffer.from('20260615110000.0Z')) })).to.equal('malformed')
    })
  })

  describe('CertID (RFC 6960 4.1.1)', () => {
    const other = Authority.root({ commonName: 'Other CA' }).certificate
    const sha1 = (bytes: Uint8Array): Buffer => createHash('sha1').update(bytes).digest()
    const wrong: [string, CertIdOptions][] = [
      ["another issuer's name", { issuerNameHash: sha1(other.subjectDer) }],
      ["another issuer's key", { issuerKeyHash: sha1(publicKeyBits(other.keyPair.publicKey)) }],
      [
        'a key hash with the count of unused bits',
        { issuerKeyHash: sha1(Buffer.concat([Buffer.of(0), publicKeyBits(authority.certificate.keyPair.publicKey)])) },
      ],
      ['empty hashes', { issuerNameHash: Buffer.alloc(0), issuerKeyHash: Buffer.alloc(0) }],
      ['a name hash cut short', { issuerNameHash: sha1(authority.certificate.subjectDer).subarray(0, 8) }],
      ['the serial number without its sign octet', { serialNumber: '8001' }],
      ['a longer serial number', { serialNumber: '00800100' }],
      ['the beginning of the serial number', { serialNumber: '0080' }],
      ['a hash that is not known', { hashAlgorithm: 'md5' }],
      [
        'hashes of another algorithm than it names',
        { hashAlgorithm: 'sha256', issuerNameHash: sha1(authority.certificate.subjectDer) },
      ],
    ]
    for (const [what, certId] of wrong) {
      it(`is not about this certificate with ${what}`, () => expect(outcome({ certId })).to.equal('cert_id_mismatch'))
    }

    it('is in whichever hash the responder chose, with NULL parameters or without', () => {
      for (const hashAlgorithm of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
        expect(outcome({ certId: { hashAlgorithm } })).to.equal('good')
        expect(outcome({ certId: { hashAlgorithm, hashParameters: 'absent' } })).to.equal('good')
      }
    })

    for (const serialNumber of ['8001', 'ff', '00', `00${'ff'.repeat(20)}`]) {
      it(`compares the serial number ${serialNumber} by its DER contents`, () => {
        const leaf = authority.issue({ serialNumber })
        expect(outcome({ certificate: leaf }, { subject: subjectOf(leaf) })).to.equal('good')
        expect(outcome({ certificate: leaf })).to.equal('cert_id_mismatch')
      })
    }

    it('has a certificate that the issuer did not issue refused before anything else', () => {
      const strayed = { ...subject, issuer: certificateFromDer(root.certificate.der) }
      expect(outcome({ authority: root }, { subject: strayed })).to.equal('issuer_mismatch')
    })

    it('refuses a response without single responses', () => {
      expect(outcome({ empty: true })).to.equal('cert_id_mismatch')
    })
  })

  describe('statuses (RFC 6960 2.2)', () => {
    it('unknown is not good', () => expect(verdict({ status: 'unknown' })).to.include({ status: 'unknown' }))

    it('revoked comes with its time and reason', () => {
      const revokedAt = new Date('2026-06-01T00:00:00Z')
      expect(verdict({ status: 'revoked', revokedAt, reason: 'keyCompromise' })).to.deep.include({
        ...{ status: 'revoked', revokedAt, revocationReason: 'keyCompromise' },
      })
    })

    it('certificateHold is revoked, for now: usable until nextUpdate', () => {
      expect(verdict({ status: 'revoked', reason: 'certificateHold' })).to.deep.include({
        ...{ status: 'revoked', revocationReason: 'certificateHold', usableUntil: fromNow(minutes(23 * 60)) },
      })
    })

    it('revoked stays revoked whatever its reason and time', () => {
      for (const reason of ['removeFromCRL', 7, 99] as const)
        expect(outcome({ status: 'revoked', reason })).to.equal('revoked')
      expect(outcome({ status: 'revoked', revokedAt: fromNow(minutes(600)) })).to.equal('revoked')
      expect(outcome({ status: 'revoked', revokedAt: new Date(0), reason: 'certificateHold' })).to.equal('revoked')
    })
  })

  it('judges who signed before anything that the signature covers', () => {
    const stranger = { ...authority.certificate, keyPair: root.certificate.keyPair }
    const bad = { responseExtensions: [{ oid: '1.2.3', critical: true }], nextUpdate: fromNow(-1_000) }
    expect(outcome({ responder: stranger, embedded: [], ...bad })).to.equal('signature_invalid')
    expect(outcome({ responder: issueDelegate(root), ...bad })).to.equal('responder_not_authorized')
  })
})
