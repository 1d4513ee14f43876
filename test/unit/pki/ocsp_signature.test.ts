import { expect } from 'chai'
import { issueDelegate, ocspResponse } from '../../support/ocsp.ts'
import { Authority, der, type IssuedCertificate, newKeyPair } from '../../support/pki.ts'
import { authority, certificate, type Given, outcome, outcomeOf, subjectOf } from './ocsp_fixture.ts'

/** What is said of a response by a CA of its own, with that kind of key. */
function outcomeAt(ca: Authority, given: Given): string {
  const leaf = ca.issue()
  return outcome({ authority: ca, certificate: leaf, ...given }, { subject: subjectOf(leaf, ca) })
}

describe('the signature of an OCSP response (RFC 6960 4.3)', () => {
  for (const keyKind of ['rsa2048', 'p256', 'p384', 'p521', 'ed25519'] as const) {
    it(`holds by an issuer with ${keyKind}, and by its delegate`, () => {
      const ca = Authority.root({ keyKind })
      expect(outcomeAt(ca, {})).to.equal('good')
      expect(outcomeAt(ca, { signature: 'forged' })).to.equal('signature_invalid')
      const responder = issueDelegate(ca, { keyKind })
      expect(outcomeAt(ca, { responder })).to.equal('good')
      expect(outcomeAt(ca, { responder, signature: 'forged' })).to.equal('signature_invalid')
    })
  }

  it('holds with RSA-PSS, on the response and on the certificate of the delegate', () => {
    const ca = Authority.root({ keyKind: 'rsa2048' })
    const responder = issueDelegate(ca, { keyKind: 'rsa2048', signature: 'rsa-pss-sha256' })
    expect(outcomeAt(ca, { responder, signature: 'rsa-pss-sha256' })).to.equal('good')
  })

  it('is refused by a stranger who embeds nothing but bears the name of the issuer', () => {
    const stranger: IssuedCertificate = { ...authority.certificate, keyPair: newKeyPair() }
    expect(outcome({ responder: stranger, embedded: [] })).to.equal('signature_invalid')
  })

  it('is refused when its algorithm is not supported', () => {
    const response = ocspResponse({ authority, certificate })
    const [sha256, sha224] = [der.oid('1.2.840.10045.4.3.2'), der.oid('1.2.840.10045.4.3.1')]
    sha224.copy(response, response.lastIndexOf(sha256))
    expect(outcomeOf(response)).to.equal('signature_algorithm_unsupported')
  })

  describe('that rests on SHA-1', () => {
    it('is refused unless the operator allows it', () => {
      expect(outcome({ signature: 'sha1' })).to.equal('signature_sha1')
      expect(outcome({ signature: 'sha1' }, { allowSha1: true })).to.equal('good')
      expect(outcome({ responder: issueDelegate(authority), signature: 'sha1' })).to.equal('signature_sha1')
    })

    it("is refused on the delegate's certificate unless the operator allows it", () => {
      const responder = issueDelegate(authority, { signature: 'sha1' })
      expect(outcome({ responder })).to.equal('signature_sha1')
      expect(outcome({ responder }, { allowSha1: true })).to.equal('good')
    })

    it('is invalid, not SHA-1, when it does not hold', () => {
      const stranger: IssuedCertificate = { ...authority.certificate, keyPair: newKeyPair() }
      const response = { responder: stranger, embedded: [], signature: 'sha1' as const }
      expect(outcome(response, { allowSha1: true })).to.equal('signature_invalid')
      expect(outcome(response)).to.equal('signature_invalid')
    })

    it('differs from SHA-1 in the CertID, which is normal', () => {
      expect(outcome({ certId: { hashAlgorithm: 'sha1' } })).to.equal('good')
    })
  })
})
