import { expect } from 'chai'
import fc from 'fast-check'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { crl } from '../../support/crl.ts'
import { Authority } from '../../support/pki.ts'
import { location, outcomeOf } from './crl_fixture.ts'

/** Every octet of these CRLs is signed, or is the signature, or decides how the rest is read. */
describe('a CRL that was changed on its way', () => {
  const { certificate } = Authority.root({ keyKind: 'rsa2048' })
  const issuer = certificateFromDer(certificate.der)
  const revoked = [{ serialNumber: '008001', reason: 1 }, { serialNumber: '7f' }]
  const original = crl({ issuer: certificate, revoked, issuingDistributionPoint: { urls: [location] } })
  const another = crl({ issuer: certificate, number: 2 })
  const outcome = (bytes: Uint8Array): string => outcomeOf(bytes, { issuer, allowSha1: true })
  const position = fc.nat(original.length - 1)

  it('is rejected with any bit flipped', function () {
    this.timeout(60_000)
    expect(outcome(original)).to.equal('verified')
    expect(outcome(another)).to.equal('verified')
    const accepted: number[] = []
    const changed = Buffer.from(original)
    for (let bit = 0; bit < original.length * 8; bit++) {
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      if (outcome(changed) === 'verified') accepted.push(bit)
      changed.writeUInt8(original.readUInt8(bit >> 3), bit >> 3)
    }
    expect(accepted).to.deep.equal([])
  })

  it('is rejected with octets replaced, removed or inserted', () => {
    const splice = fc.tuple(position, fc.nat(3), fc.uint8Array({ maxLength: 3 }))
    fc.assert(
      fc.property(fc.array(splice, { minLength: 1, maxLength: 4 }), (splices) => {
        const octets = [...original]
        for (const [at, removed, inserted] of splices) octets.splice(at, removed, ...inserted)
        const changed = Buffer.from(octets)
        fc.pre(!changed.equals(original))
        expect(outcome(changed)).to.not.equal('verified')
      }),
      { numRuns: 1_500 },
    )
  })

  it('is rejected when cut short anywhere', () => {
    for (let length = 0; length < original.length; length++)
      expect(outcome(original.subarray(0, length)), `${length} octets`).to.equal('malformed')
  })

  it('is rejected when parts of two CRLs are joined', () => {
    fc.assert(
      fc.property(position, fc.nat(another.length - 1), (from, to) => {
        const joined = Buffer.concat([original.subarray(0, from), another.subarray(to)])
        fc.pre(!joined.equals(original) && !joined.equals(another))
        expect(outcome(joined)).to.not.equal('verified')
      }),
      { numRuns: 1_500 },
    )
  })

  it('never makes reading throw, though its entries were signed as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (entries) => {
        const outcomes = ['verified', 'malformed', 'indirect', 'unknown_critical_extension']
        expect(outcome(crl({ issuer: certificate, entries }))).to.be.oneOf(outcomes)
      }),
      { numRuns: 300 },
    )
  })
})
