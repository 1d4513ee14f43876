import { expect } from 'chai'
import type { RegisteredCertificate } from '../../../src/domain/devapp.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { RenewalIndex } from '../../../src/registry/renewals.ts'
import { Authority, type CertificateOptions } from '../../support/pki.ts'

const issuing = Authority.root().issueAuthority()

const leafOf = (authority: Authority, options: CertificateOptions = {}) =>
  certificateFromDer(authority.issue({ commonName: 'acme', ...options }).der)
const registeredOf = (authority: Authority, options: CertificateOptions = {}): RegisteredCertificate => ({
  leaf: leafOf(authority, options),
  chain: [certificateFromDer(authority.certificate.der)],
})

describe('a renewal', () => {
  const index = new RenewalIndex()
  const registered = registeredOf(issuing)
  index.add(registered)

  it('has the common name of a registered certificate, and its issuer', () => {
    expect(index.likelyRenewedBy(leafOf(issuing))).to.equal(registered)
    expect(index.likelyRenewedBy(leafOf(issuing, { commonName: 'beta' }))).to.equal(undefined)
    expect(index.likelyRenewedBy(leafOf(Authority.root({ commonName: 'Other CA' })))).to.equal(undefined)
  })

  it('is none that a stranger made in the name of the issuer', () => {
    expect(index.likelyRenewedBy(leafOf(Authority.root().issueAuthority()))).to.equal(undefined)
    expect(index.likelyRenewedBy(leafOf(issuing, { signature: 'forged' }))).to.equal(undefined)
  })

  it('is recognised under each of the keys that a CA of one name has', () => {
    const both = new RenewalIndex()
    const another = Authority.root().issueAuthority()
    const registeredThere = registeredOf(another)
    for (const each of [registered, registeredThere]) both.add(each)
    expect(both.likelyRenewedBy(leafOf(issuing))).to.equal(registered)
    expect(both.likelyRenewedBy(leafOf(another))).to.equal(registeredThere)
  })

  it('is one of the certificate that was registered last', () => {
    const several = new RenewalIndex()
    const latest = registeredOf(issuing)
    for (const each of [registered, registeredOf(issuing), latest]) several.add(each)
    expect(several.likelyRenewedBy(leafOf(issuing))).to.equal(latest)
  })

  it('is looked for under the four latest only, so that a stranger cannot make the service work', () => {
    const many = new RenewalIndex()
    many.add(registered)
    for (let i = 0; i < 4; i++) many.add(registeredOf(Authority.root().issueAuthority()))
    expect(many.likelyRenewedBy(leafOf(issuing))).to.equal(undefined)
  })

  it('is not recognised by common names that are not there', () => {
    const nameless = new RenewalIndex()
    nameless.add(registeredOf(issuing, { commonNames: [] }))
    expect(nameless.likelyRenewedBy(leafOf(issuing, { commonNames: [] }))).to.equal(undefined)
  })
})
