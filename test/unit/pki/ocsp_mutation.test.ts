import { expect } from 'chai'
import fc from 'fast-check'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { type OcspVerdict, verifyOcspResponse } from '../../../src/pki/ocsp_verification.ts'
import { issueDelegate, type OcspResponseOptions, ocspResponse } from '../../support/ocsp.ts'
import { Authority, fixedNow } from '../../support/pki.ts'

/**
 * Every octet of these responses is signed, or is the signature, or decides how the rest is read: there is no change to them that
 * may go unnoticed. (A certificate that is embedded and did not sign is the one part that may change.)
 */
describe('an OCSP response that was changed on its way', () => {
  const root = Authority.root()
  const authority = root.issueAuthority({ keyKind: 'rsa2048' })
  const certificate = authority.issue()
  const subject = {
    certificate: certificateFromDer(certificate.der),
    issuer: certificateFromDer(authority.certificate.der),
  }
  const verdict = (bytes: Uint8Array): OcspVerdict =>
    verifyOcspResponse(bytes, { subject, at: fixedNow, skewMs: 0, maxAgeMs: 86_400_000, allowSha1: true })
  const written = (options: Partial<OcspResponseOptions>): Buffer =>
    ocspResponse({ authority, certificate, ...options })

  const delegate = issueDelegate(authority, { keyKind: 'p256' })
  const responses = {
    'signed by the issuer': written({}),
    'signed by the issuer, revoked': written({ status: 'revoked', reason: 'certificateHold' }),
    'signed by a delegate': written({ responder: delegate, responderId: 'byKey' }),
    'signed by a delegate with RSA-PSS': written({
      responder: issueDelegate(authority, { keyKind: 'rsa2048', signature: 'rsa-pss-sha256' }),
      signature: 'rsa-pss-sha256',
    }),
  }

  for (const [name, response] of Object.entries(responses)) {
    it(`is rejected with any bit flipped, when ${name}`, function () {
      this.timeout(60_000)
      expect(verdict(response).status).to.be.oneOf(['good', 'revoked'])
      const accepted: number[] = []
      const changed = Buffer.from(response)
      for (let bit = 0; bit < response.length * 8; bit++) {
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        if (verdict(changed).status !== 'rejected') accepted.push(bit)
        changed.writeUInt8(response.readUInt8(bit >> 3), bit >> 3)
      }
      expect(accepted).to.deep.equal([])
    })
  }

  const response = responses['signed by a delegate']
  const position = fc.nat(response.length - 1)

  it('is rejected with octets replaced, removed or inserted', () => {
    const edits = fc.array(fc.tuple(position, fc.nat(3), fc.uint8Array({ maxLength: 3 })), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(edits, (splices) => {
        const octets = [...response]
        for (const [at, removed, inserted] of splices) octets.splice(at, removed, ...inserted)
        const changed = Buffer.from(octets)
        fc.pre(!changed.equals(response))
        expect(verdict(changed).status).to.equal('rejected')
      }),
      { numRuns: 1_500 },
    )
  })

  it('is rejected when cut short anywhere', () => {
    for (let length = 0; length < response.length; length++)
      expect(verdict(response.subarray(0, length)).status, `${length} octets`).to.equal('rejected')
  })

  it('is rejected when parts of two responses are joined', () => {
    const revoked = written({ responder: delegate, responderId: 'byKey', status: 'revoked' })
    fc.assert(
      fc.property(position, fc.nat(revoked.length - 1), (from, to) => {
        const joined = Buffer.concat([revoked.subarray(0, from), response.subarray(to)])
        fc.pre(!joined.equals(response) && !joined.equals(revoked))
        expect(verdict(joined).status).to.equal('rejected')
      }),
      { numRuns: 1_500 },
    )
  })

  it('keeps its status or is rejected when an embedded certificate that did not sign is changed', () => {
    const bystander = root.issue()
    const surrounded = written({ responder: delegate, embedded: [bystander, delegate] })
    const from = surrounded.indexOf(bystander.der)
    expect(from).to.be.greaterThan(0)
    const statuses = new Set<string>()
    fc.assert(
      fc.property(fc.nat(bystander.der.length - 1), fc.integer({ min: 1, max: 255 }), (offset, difference) => {
        const changed = Buffer.from(surrounded)
        changed.writeUInt8(changed.readUInt8(from + offset) ^ difference, from + offset)
        const { status } = verdict(changed)
        statuses.add(status)
        expect(status).to.be.oneOf(['good', 'rejected'])
      }),
      { numRuns: 500 },
    )
    expect(statuses).to.include('good')
  })

  it('is rejected when it is anything at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(verdict(bytes)).to.include({ status: 'rejected' })
      }),
      { numRuns: 1_000 },
    )
  })
})
