import { expect } from 'chai'
import { keyPurpose } from '../../../src/domain/certificate.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { type OcspExpectation, verifyOcspResponse } from '../../../src/pki/ocsp_verification.ts'
import { issueDelegate, type OcspResponseOptions, ocspResponse } from '../../support/ocsp.ts'
import {
  Authority,
  type CertificateOptions,
  der,
  fixedNow,
  type IssuedCertificate,
  newKeyPair,
} from '../../support/pki.ts'

const root = Authority.root()
const authority = root.issueAuthority()
const certificate = authority.issue()
const subject = {
  certificate: certificateFromDer(certificate.der),
  issuer: certificateFromDer(authority.certificate.der),
}
const daysFromNow = (days: number): Date => new Date(fixedNow.getTime() + days * 86_400_000)

type Expected = Partial<OcspExpectation>
function verdict(response: Partial<OcspResponseOptions>, expected: Expected = {}) {
  const expectation = { subject, at: fixedNow, skewMs: 0, maxAgeMs: 86_400_000, allowSha1: false, ...expected }
  return verifyOcspResponse(ocspResponse({ authority, certificate, ...response }), expectation)
}
/** The status, or the code where it is rejected. */
function outcome(response: Partial<OcspResponseOptions>, expected: Expected = {}): string {
  const result = verdict(response, expected)
  return result.status === 'rejected' ? result.code : result.status
}
const byDelegate = (options: CertificateOptions, expected: Expected = {}): string =>
  outcome({ responder: issueDelegate(authority, options) }, expected)

describe('who may sign an OCSP response (RFC 6960 4.2.2.2)', () => {
  describe('the issuer', () => {
    for (const responderId of ['byName', 'byKey'] as const) {
      it(`itself, with nothing embedded, ${responderId}`, () => expect(outcome({ responderId })).to.equal('good'))
      it(`itself, beside embedded certificates, ${responderId}`, () => {
        const embedded = [root.issue(), authority.certificate, issueDelegate(authority)]
        expect(outcome({ responderId, embedded })).to.equal('good')
      })
    }

    it('is named to people', () => {
      expect(verdict({})).to.include({ responder: 'CN=Example Issuing CA,O=Example Oy,C=FI' })
    })

    it('is not whoever bears its name with another key', () => {
      const impostor = Authority.root({ commonName: 'Example Issuing CA' }).certificate
      expect(impostor.subjectDer.equals(authority.certificate.subjectDer)).to.equal(true)
      expect(outcome({ responder: impostor })).to.equal('signature_invalid')
      expect(outcome({ responder: impostor, embedded: [] })).to.equal('signature_invalid')
      expect(outcome({ responder: impostor, responderId: 'byKey' })).to.equal('responder_not_authorized')
    })

    it('is not an ancestor', () => {
      expect(outcome({ responder: root.certificate })).to.equal('responder_not_authorized')
    })

    it('is trusted as it is given: neither its own signature nor its dates nor its extensions are judged', () => {
      const odd = Authority.root({
        keyPair: newKeyPair(),
        signature: 'forged',
        notAfter: daysFromNow(-400),
        keyUsage: ['keyAgreement'],
      })
      const leaf = odd.issue()
      const its = { certificate: certificateFromDer(leaf.der), issuer: certificateFromDer(odd.certificate.der) }
      expect(outcome({ authority: odd, certificate: leaf }, { subject: its })).to.equal('good')
    })
  })

  describe('a delegate', () => {
    for (const responderId of ['byName', 'byKey'] as const) {
      it(`that the issuer certified, ${responderId}`, () => {
        const responder = issueDelegate(authority)
        const result = verdict({ responder, responderId })
        expect(result).to.include({ status: 'good', responder: 'CN=Example OCSP Responder,O=Example Oy,C=FI' })
      })
    }

    it('wherever its certificate stands among the embedded ones', () => {
      const responder = issueDelegate(authority)
      const others = [root.issue(), authority.certificate, issueDelegate(authority, { extendedKeyUsage: [] })]
      const unreadable = { der: der.sequence(der.null()) }
      for (const embedded of [
        [responder, ...others],
        [...others, responder],
        [unreadable, others[0]!, responder, others[1]!],
      ])
        expect(outcome({ responder, embedded })).to.equal('good')
    })

    it('also when others share its name, in whatever order', () => {
      const responder = issueDelegate(authority)
      const namesakes = [
        issueDelegate(authority),
        issueDelegate(authority, { notAfter: daysFromNow(-1) }),
        issueDelegate(root),
        issueDelegate(authority, { extendedKeyUsage: [keyPurpose.any] }),
      ]
      expect(outcome({ responder, embedded: [...namesakes, responder] })).to.equal('good')
      expect(outcome({ responder, embedded: [responder, ...namesakes] })).to.equal('good')
      expect(outcome({ responder, embedded: namesakes })).to.equal('signature_invalid')
      expect(outcome({ responder, embedded: namesakes.toReversed() })).to.equal('signature_invalid')
    })

    it('is refused when its certificate is not embedded', () => {
      expect(outcome({ responder: issueDelegate(authority), embedded: [] })).to.equal('responder_not_authorized')
    })

    it('is refused when ResponderID names another', () => {
      const responderId = der.explicit(1, issueDelegate(authority, { commonName: 'Another' }).subjectDer)
      expect(outcome({ responder: issueDelegate(authority), responderId })).to.equal('responder_not_authorized')
      const otherKey = der.explicit(2, der.octetString(Buffer.alloc(20)))
      expect(outcome({ responder: issueDelegate(authority), responderId: otherKey })).to.equal(
        'responder_not_authorized',
      )
      const keyPrefix = der.explicit(2, der.octetString(Buffer.alloc(0)))
      expect(outcome({ responder: issueDelegate(authority), responderId: keyPrefix })).to.equal(
        'responder_not_authorized',
      )
    })

    it('is refused when byName differs in no more than the string type: the name is compared in DER', () => {
      const keyPair = newKeyPair()
      const printable = issueDelegate(authority, { keyPair, stringType: 'printable' })
      const responderId = der.explicit(1, issueDelegate(authority, { keyPair }).subjectDer)
      expect(outcome({ responder: printable })).to.equal('good')
      expect(outcome({ responder: printable, responderId })).to.equal('responder_not_authorized')
    })

    it('is refused when an ancestor certified it', () => {
      expect(outcome({ responder: issueDelegate(root) })).to.equal('responder_not_authorized')
    })

    it("is refused when another CA of the issuer's name certified it", () => {
      const namesake = Authority.root({ commonName: 'Example Issuing CA' })
      expect(outcome({ responder: issueDelegate(namesake) })).to.equal('responder_not_authorized')
    })

    it("is refused when the signature on its certificate is not the issuer's", () => {
      expect(byDelegate({ signature: 'forged' })).to.equal('responder_not_authorized')
    })

    it('is refused when a delegate certified it, or it certified itself', () => {
      const middle = authority.issueAuthority({ commonName: 'Middle' })
      expect(outcome({ responder: issueDelegate(middle) })).to.equal('responder_not_authorized')
      const lone = Authority.root({ commonName: 'Lone', extendedKeyUsage: [keyPurpose.ocspSigning] }).certificate
      expect(outcome({ responder: lone })).to.equal('responder_not_authorized')
    })

    it('is refused without id-kp-OCSPSigning: neither no purpose nor any purpose is enough', () => {
      expect(byDelegate({ extendedKeyUsage: [keyPurpose.clientAuth] })).to.equal('responder_purpose')
      expect(byDelegate({ extendedKeyUsage: [keyPurpose.any] })).to.equal('responder_purpose')
      expect(byDelegate({ extendedKeyUsage: undefined })).to.equal('responder_purpose')
      expect(byDelegate({ extendedKeyUsage: [keyPurpose.clientAuth, keyPurpose.ocspSigning] })).to.equal('good')
    })

    it('is refused where KeyUsage lacks digitalSignature, and accepted without KeyUsage', () => {
      expect(byDelegate({ keyUsage: ['keyEncipherment', 'cRLSign'] })).to.equal('responder_purpose')
      expect(byDelegate({ keyUsage: [] })).to.equal('good')
    })

    it('is refused outside its own validity, on both sides, whatever the skew', () => {
      const skewed = { skewMs: 86_400_000 }
      expect(byDelegate({ notAfter: new Date(fixedNow.getTime() - 1_000) }, skewed)).to.equal('responder_expired')
      expect(byDelegate({ notBefore: new Date(fixedNow.getTime() + 1_000) }, skewed)).to.equal('responder_expired')
      expect(byDelegate({ notBefore: fixedNow })).to.equal('good')
      expect(byDelegate({ notAfter: fixedNow })).to.equal('good')
    })

    it('is refused with a critical extension that is not understood (RFC 5280 4.2)', () => {
      const extension = { oid: '1.3.6.1.4.1.99999.1', value: der.null() }
      expect(byDelegate({ extensions: [{ ...extension, critical: true }] })).to.equal('unknown_critical_extension')
      expect(byDelegate({ extensions: [extension] })).to.equal('good')
    })

    it('is refused with a key that OpenSSL cannot use', () => {
      const keyPair = newKeyPair()
      const broken = issueDelegate(authority, { keyPair })
      const oid = der.oid('1.2.840.10045.3.1.7')
      const tampered = Buffer.from(broken.der)
      tampered[tampered.indexOf(oid) + oid.length - 1] = 0x55
      expect(outcome({ responder: broken, embedded: [{ der: tampered }] })).to.equal('responder_not_authorized')
    })

    it('answers no longer than its certificate is valid', () => {
      const notAfter = new Date(fixedNow.getTime() + 60_000)
      expect(verdict({ responder: issueDelegate(authority, { notAfter }) })).to.deep.include({ usableUntil: notAfter })
    })
  })

  describe('a pinned responder', () => {
    const pinned = Authority.root({
      commonName: 'Pinned Responder',
      notAfter: daysFromNow(-1),
      keyUsage: ['keyAgreement'],
    })
    const pins = {
      pinnedResponders: [certificateFromDer(root.certificate.der), certificateFromDer(pinned.certificate.der)],
    }

    it('whose key the operator trusts, embedded or not, whatever else its certificate says', () => {
      for (const responderId of ['byName', 'byKey'] as const) {
        expect(outcome({ responder: pinned.certificate, responderId }, pins)).to.equal('good')
        expect(outcome({ responder: pinned.certificate, responderId, embedded: [] }, pins)).to.equal('good')
      }
    })

    it('is a stranger when it is not pinned', () => {
      expect(outcome({ responder: pinned.certificate })).to.equal('responder_not_authorized')
    })

    it('is its key, not its name', () => {
      const namesake = Authority.root({ commonName: 'Pinned Responder' }).certificate
      expect(outcome({ responder: namesake }, pins)).to.equal('signature_invalid')
    })

    it('does not certify delegates', () => {
      expect(outcome({ responder: issueDelegate(pinned) }, pins)).to.equal('responder_not_authorized')
    })
  })
})

describe("a delegate's own revocation (RFC 6960 4.2.2.2.1)", () => {
  const policies: [boolean, 'accept' | 'refuse' | undefined, string][] = [
    [true, undefined, 'good'],
    [true, 'accept', 'good'],
    [true, 'refuse', 'good'],
    [false, undefined, 'good'],
    [false, 'accept', 'good'],
    [false, 'refuse', 'responder_revocation_unchecked'],
  ]
  for (const [ocspNoCheck, delegateWithoutNocheck, expected] of policies) {
    it(`${ocspNoCheck ? 'with' : 'without'} id-pkix-ocsp-nocheck, policy ${delegateWithoutNocheck}: ${expected}`, () =>
      expect(byDelegate({ ocspNoCheck }, { delegateWithoutNocheck })).to.equal(expected))
  }
})

describe('signatures of responses (RFC 6960 4.3)', () => {
  const kinds = ['rsa2048', 'p256', 'p384', 'p521', 'ed25519'] as const
  for (const keyKind of kinds) {
    it(`hold by an issuer with ${keyKind}, and by its delegate`, () => {
      const ca = Authority.root({ keyKind })
      const leaf = ca.issue()
      const its = { certificate: certificateFromDer(leaf.der), issuer: certificateFromDer(ca.certificate.der) }
      const signedBy = (options: Partial<OcspResponseOptions>) =>
        outcome({ authority: ca, certificate: leaf, ...options }, { subject: its })
      expect(signedBy({})).to.equal('good')
      expect(signedBy({ signature: 'forged' })).to.equal('signature_invalid')
      const responder = issueDelegate(ca, { keyKind })
      expect(signedBy({ responder })).to.equal('good')
      expect(signedBy({ responder, signature: 'forged' })).to.equal('signature_invalid')
    })
  }

  it('hold with RSA-PSS, on the response and on the certificate of the delegate', () => {
    const ca = Authority.root({ keyKind: 'rsa2048' })
    const leaf = ca.issue()
    const its = { certificate: certificateFromDer(leaf.der), issuer: certificateFromDer(ca.certificate.der) }
    const responder = issueDelegate(ca, { keyKind: 'rsa2048', signature: 'rsa-pss-sha256' })
    const given = { authority: ca, certificate: leaf, responder, signature: 'rsa-pss-sha256' as const }
    expect(outcome(given, { subject: its })).to.equal('good')
  })

  it('are refused by a stranger who embeds nothing but bears the name of the issuer', () => {
    const stranger: IssuedCertificate = { ...authority.certificate, keyPair: newKeyPair() }
    expect(outcome({ responder: stranger, embedded: [] })).to.equal('signature_invalid')
  })

  it('are refused as of an unsupported algorithm', () => {
    const ca = Authority.root({ keyPair: newKeyPair('p256') })
    const leaf = ca.issue()
    const its = { certificate: certificateFromDer(leaf.der), issuer: certificateFromDer(ca.certificate.der) }
    const response = ocspResponse({ authority: ca, certificate: leaf })
    const [sha256, sha224] = [der.oid('1.2.840.10045.4.3.2'), der.oid('1.2.840.10045.4.3.1')]
    sha224.copy(response, response.lastIndexOf(sha256))
    const expectation = { subject: its, at: fixedNow, skewMs: 0, maxAgeMs: 0, allowSha1: false }
    expect(verifyOcspResponse(response, expectation)).to.include({ code: 'signature_algorithm_unsupported' })
  })

  describe('that rest on SHA-1', () => {
    it('are refused on the response unless the operator allows them', () => {
      expect(outcome({ signature: 'sha1' })).to.equal('signature_sha1')
      expect(outcome({ signature: 'sha1' }, { allowSha1: true })).to.equal('good')
      expect(outcome({ responder: issueDelegate(authority), signature: 'sha1' })).to.equal('signature_sha1')
    })

    it("are refused on the delegate's certificate unless the operator allows them", () => {
      expect(byDelegate({ signature: 'sha1' })).to.equal('signature_sha1')
      expect(byDelegate({ signature: 'sha1' }, { allowSha1: true })).to.equal('good')
    })

    it('are invalid, not SHA-1, when they do not hold', () => {
      const stranger: IssuedCertificate = { ...authority.certificate, keyPair: newKeyPair() }
      const response = { responder: stranger, embedded: [], signature: 'sha1' as const }
      expect(outcome(response, { allowSha1: true })).to.equal('signature_invalid')
      expect(outcome(response)).to.equal('signature_invalid')
    })

    it('differ from SHA-1 in the CertID, which is normal', () => {
      expect(outcome({ certId: { hashAlgorithm: 'sha1' } })).to.equal('good')
    })
  })
})
