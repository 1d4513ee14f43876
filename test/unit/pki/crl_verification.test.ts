import { expect } from 'chai'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { crlRejections } from '../../../src/pki/crl_rejection.ts'
import { mayReplace, verifyCrl, verifyCrlInSteps } from '../../../src/pki/crl_verification.ts'
import { crl, manyEntries, manySerial } from '../../support/crl.ts'
import { Authority, der, type SignatureKind } from '../../support/pki.ts'
import { authority, expectation, fromNow, minutes, outcome, root, verified } from './crl_fixture.ts'

describe('a CRL (RFC 5280 5, 6.3)', () => {
  it('says what it lists, with reasons and dates', () => {
    const revokedAt = new Date('2026-01-02T03:04:05Z')
    const { revoked, ...said } = verified({
      revoked: [
        { serialNumber: '008001', revokedAt, reason: 1 },
        { serialNumber: '7f', reason: 6 },
        { serialNumber: '01' },
      ],
    })
    expect(revoked.size).to.equal(3)
    expect(revoked.find('008001')).to.deep.equal({ reasonCode: 1, revokedAt })
    expect(revoked.find('7f')).to.deep.equal({ reasonCode: 6, revokedAt: fromNow(-minutes(120)) })
    expect(revoked.find('01')).to.deep.include({ reasonCode: undefined })
    expect(revoked.find('8001'), 'another number: 8001 is negative').to.equal(undefined)
    expect(revoked.find('00'), 'a part of one').to.equal(undefined)
    expect(said).to.deep.include({
      thisUpdate: fromNow(-minutes(60)),
      usableUntil: fromNow(minutes(23 * 60)),
      number: 1n,
    })
  })

  it('that revokes nothing is one, with or without an empty list (5.1.2.6)', () => {
    expect(verified().revoked.size).to.equal(0)
    expect(verified().revoked.find('01')).to.equal(undefined)
    expect(verified({ entries: Buffer.of() }).revoked.size).to.equal(0)
  })

  it('may be of version 1, which has no extensions (5.1.2.1)', () => {
    expect(outcome({ version: undefined, number: undefined, revoked: [{ serialNumber: '01' }] })).to.equal('verified')
    expect(outcome({ version: undefined })).to.equal('malformed')
    expect(outcome({ version: undefined, number: undefined, revoked: [{ serialNumber: '01', reason: 1 }] })).to.equal(
      'malformed',
    )
    expect(outcome({ version: 0, number: undefined })).to.equal('malformed')
    expect(outcome({ version: 2 })).to.equal('malformed')
  })

  describe('is verified with the key of the issuer itself (6.3.3 (f))', () => {
    const kinds: ['rsa2048' | 'p256' | 'p384' | 'p521' | 'ed25519', SignatureKind][] = [
      ...(['rsa2048', 'p256', 'p384', 'p521', 'ed25519'] as const).map((kind): [typeof kind, 'default'] => [
        kind,
        'default',
      ]),
      ['rsa2048', 'rsa-pss-sha256'],
    ]
    for (const [keyKind, signature] of kinds) {
      it(`${keyKind}, ${signature}`, () => {
        const { certificate } = Authority.root({ keyKind })
        const issuer = certificateFromDer(certificate.der)
        expect(outcome({ issuer: certificate, signature }, { issuer })).to.equal('verified')
        expect(outcome({ issuer: certificate, signature: 'forged' }, { issuer })).to.equal('signature_invalid')
      })
    }

    it('not with that of another CA of the same name, nor with an ancestor', () => {
      const namesake = root.issueAuthority().certificate
      expect(namesake.subjectDer.equals(authority.certificate.subjectDer)).to.equal(true)
      expect(outcome({ issuer: namesake })).to.equal('signature_invalid')
      expect(outcome({ issuer: { ...authority.certificate, keyPair: root.certificate.keyPair } })).to.equal(
        'signature_invalid',
      )
    })

    it('whose name is equal (7.1), in whatever string type', () => {
      expect(outcome({ issuer: root.certificate })).to.equal('issuer_mismatch')
      const { subjectDer } = root.issueAuthority({ stringType: 'printable' }).certificate
      expect(outcome({ issuer: { ...authority.certificate, subjectDer } })).to.equal('verified')
    })

    it('that may sign CRLs, where its keyUsage is present (4.2.1.3)', () => {
      const signedBy = (keyUsage: ('keyCertSign' | 'cRLSign')[]): string => {
        const { certificate } = Authority.root({ keyUsage })
        return outcome({ issuer: certificate }, { issuer: certificateFromDer(certificate.der) })
      }
      expect(signedBy(['keyCertSign'])).to.equal('issuer_purpose')
      expect(signedBy(['cRLSign'])).to.equal('verified')
      expect(signedBy([])).to.equal('verified')
    })

    it('over SHA-1 where the operator allows it', () => {
      expect(outcome({ signature: 'sha1' })).to.equal('signature_sha1')
      expect(outcome({ signature: 'sha1' }, { allowSha1: true })).to.equal('verified')
    })

    it('by the algorithm that is also named inside (5.1.1.2)', () => {
      expect(outcome({ innerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.3')) })).to.equal('malformed')
    })

    it('not by an algorithm that nobody knows', () => {
      const algorithm = der.sequence(der.oid('1.2.3.4'))
      expect(outcome({ algorithm })).to.equal('signature_algorithm_unsupported')
    })
  })

  describe('holds from thisUpdate to nextUpdate (5.1.2.4, 5.1.2.5)', () => {
    const at = (thisUpdate: number, nextUpdate: number | undefined, expected = {}) =>
      outcome(
        { thisUpdate: fromNow(thisUpdate), nextUpdate: nextUpdate === undefined ? undefined : fromNow(nextUpdate) },
        expected,
      )

    it('from thisUpdate on, and with the skew before', () => {
      expect(at(0, minutes(60))).to.equal('verified')
      expect(at(1_000, minutes(60))).to.equal('not_yet_valid')
      expect(at(minutes(5), minutes(60), { skewMs: minutes(5) })).to.equal('verified')
      expect(at(minutes(5) + 1_000, minutes(60), { skewMs: minutes(5) })).to.equal('not_yet_valid')
    })

    it('not at nextUpdate, nor after, whatever the skew', () => {
      expect(at(-minutes(60), 1_000)).to.equal('verified')
      expect(at(-minutes(60), 0)).to.equal('expired')
      expect(at(-minutes(60), -1_000, { skewMs: minutes(5) })).to.equal('expired')
    })

    it('not where nextUpdate is before thisUpdate', () => {
      expect(at(-minutes(1), -minutes(2))).to.equal('next_update_before_this_update')
    })

    it('until the maximum age where it names no nextUpdate', () => {
      expect(at(-minutes(59), undefined)).to.equal('verified')
      expect(at(-minutes(60), undefined)).to.equal('too_old')
      expect(verified({ nextUpdate: undefined }, { maxAgeMs: minutes(90) }).usableUntil).to.deep.equal(
        fromNow(minutes(30)),
      )
    })

    it('until the maximum age where nextUpdate is absurd', () => {
      const nextUpdate = new Date('9999-12-31T23:59:59Z')
      expect(verified({ nextUpdate }, { maxAgeMs: minutes(90) })).to.deep.include({
        nextUpdate,
        usableUntil: fromNow(minutes(30)),
      })
      expect(outcome({ nextUpdate })).to.equal('too_old')
    })

    it('never where its own clock or limits are no numbers', () => {
      expect(outcome({}, { at: new Date(Number.NaN) })).to.equal('not_yet_valid')
      expect(outcome({}, { skewMs: Number.NaN })).to.equal('not_yet_valid')
      expect(outcome({ nextUpdate: undefined }, { maxAgeMs: Number.NaN })).to.equal('too_old')
    })
  })

  describe('is refused as a whole', () => {
    const unknown = { oid: '1.2.3.4', critical: true }

    it('with a critical extension that is not understood (5.2), and not with others', () => {
      expect(outcome({ extensions: [unknown] })).to.equal('unknown_critical_extension')
      expect(outcome({ extensions: [{ ...unknown, critical: false }] })).to.equal('verified')
      expect(outcome({ extensions: [{ oid: '2.5.29.35', value: der.sequence() }] })).to.equal('verified')
    })

    it('with one in any entry (5.3), whichever certificate is asked about', () => {
      const revoked = [{ serialNumber: '01' }, { serialNumber: '02', extensions: [unknown] }, { serialNumber: '03' }]
      expect(outcome({ revoked })).to.equal('unknown_critical_extension')
      revoked[1]!.extensions = [{ ...unknown, critical: false }]
      expect(outcome({ revoked })).to.equal('verified')
    })

    it('where it is a delta CRL (5.2.4), critical or not', () => {
      const delta = { oid: '2.5.29.27', value: der.integer('01') }
      expect(outcome({ extensions: [{ ...delta, critical: true }] })).to.equal('delta')
      expect(outcome({ extensions: [delta] })).to.equal('delta')
    })

    it('where it is indirect (5.2.5), or an entry is of another issuer (5.3.3)', () => {
      expect(outcome({ issuingDistributionPoint: { indirectCrl: true } })).to.equal('indirect')
      const certificateIssuer = { oid: '2.5.29.29', critical: true, value: der.sequence() }
      expect(outcome({ revoked: [{ serialNumber: '01', extensions: [certificateIssuer] }] })).to.equal('indirect')
    })

    it('where it is about some reasons only, or about attribute certificates (5.2.5)', () => {
      const onlySomeReasons = Buffer.of(1, 0x40)
      expect(outcome({ issuingDistributionPoint: { onlySomeReasons } })).to.equal('some_reasons')
      expect(outcome({ issuingDistributionPoint: { onlyContainsAttributeCerts: true } })).to.equal(
        'attribute_certificates',
      )
    })

    it('where its distribution point is named relative to the issuer (5.2.5)', () => {
      const name = der.explicit(1, der.sequence(der.oid('2.5.4.3'), der.utf8('point')))
      expect(outcome({ issuingDistributionPoint: { name } })).to.equal('scope_not_understood')
    })

    it('where it names its scope in a way that is not DER', () => {
      expect(outcome({ issuingDistributionPoint: Buffer.from('rubbish') })).to.equal('malformed')
      expect(outcome({ issuingDistributionPoint: der.sequence(der.implicit(1, Buffer.of(1))) })).to.equal('malformed')
      expect(outcome({ issuingDistributionPoint: der.sequence(der.implicit(6, Buffer.of(0xff))) })).to.equal(
        'malformed',
      )
    })
  })

  describe('of many entries', () => {
    const bytes = crl({ issuer: authority.certificate, entries: manyEntries(20_000) })

    it('is read in steps, after its signature was verified, and says the same', () => {
      const steps = [...verifyCrlInSteps(bytes, expectation())]
      expect(steps.length).to.be.greaterThan(5)
      const result = verifyCrl(bytes, expectation())
      if (result.status !== 'verified') throw new Error(result.detail)
      expect(result.revoked.size).to.equal(20_000)
      for (const index of [0, 1, 9_999, 19_999])
        expect(result.revoked.find(manySerial(index))).to.deep.equal({
          reasonCode: 4,
          revokedAt: fromNow(-minutes(120)),
        })
      expect(result.revoked.find(manySerial(20_000))).to.equal(undefined)

      const forged = crl({ issuer: authority.certificate, entries: manyEntries(20_000), signature: 'forged' })
      expect([...verifyCrlInSteps(forged, expectation())]).to.deep.equal([])
    })
  })

  describe('takes the place of another', () => {
    const known = verified({ number: 5 })
    const replaces = (given: Parameters<typeof verified>[0]) => mayReplace(verified(given), known)

    it('where there is none, or where it is not older', () => {
      expect(mayReplace(known, undefined)).to.equal(true)
      expect(replaces({ number: 5 })).to.equal(true)
      expect(replaces({ number: 6, thisUpdate: fromNow(-minutes(1)) })).to.equal(true)
      expect(replaces({ number: undefined })).to.equal(true)
    })

    it('not with an earlier thisUpdate, nor with a smaller number (5.2.3)', () => {
      expect(replaces({ number: 6, thisUpdate: fromNow(-minutes(61)) })).to.equal(false)
      expect(replaces({ number: 4 })).to.equal(false)
      expect(replaces({ number: 4, thisUpdate: fromNow(-minutes(1)) })).to.equal(false)
      expect(mayReplace(verified({ number: 0x80 }), verified({ number: 0x7f })), 'as numbers, not as text').to.equal(
        true,
      )
    })

    it('where the numbers are of different scopes, and do not compare', () => {
      expect(replaces({ number: 4, issuingDistributionPoint: { urls: ['http://other.example/'] } })).to.equal(true)
    })
  })

  it('has one description for every code', () => {
    for (const description of Object.values(crlRejections)) expect(description).to.match(/^[A-Z].*\.$/)
    expect(new Set(Object.values(crlRejections)).size).to.equal(Object.keys(crlRejections).length)
  })
})
