import { expect } from 'chai'
import type { Certificate } from '../../../src/domain/certificate.ts'
import type { RegisteredCertificate } from '../../../src/domain/devapp.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { RegistrySnapshot } from '../../../src/registry/registry.ts'
import { devApp } from '../../support/evidence.ts'
import { Authority, type CertificateOptions } from '../../support/pki.ts'

const issuing = Authority.root().issueAuthority()

const leafOf = (authority: Authority, options: CertificateOptions = {}) =>
  certificateFromDer(authority.issue({ commonName: 'acme', ...options }).der)
const registeredOf = (authority: Authority, options: CertificateOptions = {}): RegisteredCertificate => ({
  leaf: leafOf(authority, options),
  chain: [certificateFromDer(authority.certificate.der)],
})

/** The registered certificate that a leaf seems to renew, in a registry of these. */
function renewedBy(leaf: Certificate, ...certificates: RegisteredCertificate[]): RegisteredCertificate | undefined {
  const binding = new RegistrySnapshot([devApp({ certificates })]).bindingOf(leaf)
  expect(binding.status).to.equal('unregistered')
  return binding.status === 'unregistered' ? binding.likelyRenewalOf?.certificate : undefined
}

describe('a renewal', () => {
  const registered = registeredOf(issuing)

  it('has the common name of a registered certificate, and its issuer', () => {
    expect(renewedBy(leafOf(issuing), registered)).to.equal(registered)
    expect(renewedBy(leafOf(issuing, { commonName: 'beta' }), registered)).to.equal(undefined)
    expect(renewedBy(leafOf(Authority.root({ commonName: 'Other CA' })), registered)).to.equal(undefined)
  })

  it('is none that a stranger made in the name of the issuer', () => {
    expect(renewedBy(leafOf(Authority.root().issueAuthority()), registered)).to.equal(undefined)
    expect(renewedBy(leafOf(issuing, { signature: 'forged' }), registered)).to.equal(undefined)
  })

  it('is recognised under each of the keys that a CA of one name has', () => {
    const another = Authority.root().issueAuthority()
    const registeredThere = registeredOf(another)
    expect(renewedBy(leafOf(issuing), registered, registeredThere)).to.equal(registered)
    expect(renewedBy(leafOf(another), registered, registeredThere)).to.equal(registeredThere)
  })

  it('is one of the certificate that was registered last', () => {
    const latest = registeredOf(issuing)
    expect(renewedBy(leafOf(issuing), registered, registeredOf(issuing), latest)).to.equal(latest)
  })

  it('is looked for under the four latest only, so that a stranger cannot make the service work', () => {
    const others = Array.from({ length: 4 }, () => registeredOf(Authority.root().issueAuthority()))
    expect(renewedBy(leafOf(issuing), registered, ...others)).to.equal(undefined)
    expect(renewedBy(leafOf(issuing), registered, ...others.slice(1))).to.equal(registered)
  })

  it('is not recognised by common names that are not there', () => {
    const nameless = registeredOf(issuing, { commonNames: [] })
    expect(renewedBy(leafOf(issuing, { commonNames: [] }), nameless)).to.equal(undefined)
  })

  it('is none of a certificate that was detached, and whoever detaches one leaves the others', () => {
    const [first, second] = [registeredOf(issuing), registeredOf(issuing)]
    const both = new RegistrySnapshot([devApp({ certificates: [first, second] })])
    const renewed = leafOf(issuing)
    const one = both.with([devApp({ certificates: [first] })]).bindingOf(renewed)
    expect(one).to.have.nested.property('likelyRenewalOf.certificate', first)
    expect(both.with([devApp()]).bindingOf(renewed)).to.deep.equal({ status: 'unregistered' })
  })
})
