import { expect } from 'chai'
import { keyPurpose } from '../../../src/domain/certificate.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { issueDelegate } from '../../support/ocsp.ts'
import { Authority, type CertificateOptions, der, fixedNow, newKeyPair } from '../../support/pki.ts'
import { authority, type Expected, fromNow, minutes, outcome, root, subjectOf, verdict } from './ocsp_fixture.ts'

const days = (count: number): number => minutes(count * 24 * 60)
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
        notAfter: fromNow(days(-400)),
        keyUsage: ['keyAgreement'],
      })
      const leaf = odd.issue()
      expect(outcome({ authority: odd, certificate: leaf }, { subject: subjectOf(leaf, odd) })).to.equal('good')
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
        issueDelegate(authority, { notAfter: fromNow(days(-1)) }),
        issueDelegate(root),
        issueDelegate(authority, { extendedKeyUsage: [keyPurpose.any] }),
      ]
      expect(outcome({ responder, embedded: [...namesakes, responder] })).to.equal('good')
      expect(outcome({ responder, embedded: [responder, ...namesakes] })).to.equal('good')
      expect(outcome({ responder, embedded: namesakes })).to.equal('signature_invalid')
      expect(outcome({ responder, embedded: namesakes.toReversed() })).to.equal('signature_invalid')
    })

    it('also beside one of its name whose extensions cannot be read', () => {
      const keyUsage = { oid: '2.5.29.15', value: Buffer.from('80') }
      const extKeyUsage = { oid: '2.5.29.37', value: der.null() }
      const unreadable = [
        issueDelegate(authority, { keyUsage: [], extensions: [keyUsage] }),
        issueDelegate(authority, { extendedKeyUsage: undefined, extensions: [extKeyUsage] }),
      ]
      const responder = issueDelegate(authority)
      expect(outcome({ responder, embedded: [...unreadable, responder] })).to.equal('good')
      for (const other of unreadable) expect(outcome({ responder: other })).to.equal('responder_purpose')
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
      notAfter: fromNow(days(-1)),
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
