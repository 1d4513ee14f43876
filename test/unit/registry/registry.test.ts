import { expect } from 'chai'
import type { Certificate } from '../../../src/domain/certificate.ts'
import type { DevApp } from '../../../src/domain/devapp.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { RegistrySnapshot } from '../../../src/registry/registry.ts'
import { hashChosenSecret, hashGeneratedSecret } from '../../../src/registry/secrets.ts'
import { devApp } from '../../support/evidence.ts'
import { Authority, type CertificateOptions, type IssuedCertificate } from '../../support/pki.ts'

const root = Authority.root()
const issuing = root.issueAuthority()
const read = (issued: IssuedCertificate): Certificate => certificateFromDer(issued.der)
const registered = (issued: IssuedCertificate) => ({
  leaf: read(issued),
  chain: [read(issuing.certificate), read(root.certificate)] as const,
})

const acmeLeaf = issuing.issue({ commonName: 'acme', serialNumber: '0a01' })
const sharedLeaf = issuing.issue({ commonName: 'shared', serialNumber: '0a02' })
const shared = registered(sharedLeaf)
const acme = devApp({ id: 'acme', clientKey: 'acme-key', certificates: [registered(acmeLeaf), shared] })
const beta = devApp({ id: 'beta', clientKey: 'beta-key', certificates: [registered(sharedLeaf)] })
const snapshot = new RegistrySnapshot([acme, beta])

/** How a certificate that is not the registered one relates to what is registered. */
const bindingOf = (authority: Authority, options: CertificateOptions) =>
  snapshot.bindingOf(read(authority.issue({ commonName: 'acme', serialNumber: '0a01', ...options })))

describe('RegistrySnapshot', () => {
  it('finds a DevApp by its ClientKey, in its very spelling', () => {
    expect(snapshot.byClientKey('beta-key')).to.equal(beta)
    for (const key of ['Beta-Key', 'beta-key ', '', 'beta', '__proto__'])
      expect(snapshot.byClientKey(key), key).to.equal(undefined)
  })

  it('knows a registered leaf, byte for byte, and its owner', () => {
    const binding = snapshot.bindingOf(read(acmeLeaf))
    expect(binding).to.deep.include({ status: 'registered', owners: [acme] })
    expect(binding.status === 'registered' && binding.certificate).to.equal(acme.certificates[0])
  })

  it('knows every owner of a leaf that several DevApps registered', () => {
    expect(snapshot.bindingOf(read(sharedLeaf))).to.deep.include({ status: 'registered', owners: [acme, beta] })
  })

  it('counts a DevApp once that registered the same leaf twice, so that its calls are not ambiguous', () => {
    const twice = devApp({ certificates: [registered(acmeLeaf), registered(acmeLeaf)] })
    const binding = new RegistrySnapshot([twice]).bindingOf(read(acmeLeaf))
    expect(binding.status === 'registered' && binding.owners).to.deep.equal([twice])
  })

  it('says that a certificate differs when the registered issuer gave its serial number and name out again', () => {
    for (const changes of [{}, { organization: 'Another Oy' }, { ocspUrls: ['http://ocsp.example.com/'] }])
      expect(bindingOf(issuing, changes)).to.deep.equal({ status: 'differs', registered: acme.certificates[0]?.leaf })
  })

  it('says that the issuer is another one, also where a CA bears its name and has another key', () => {
    const registeredLeaf = acme.certificates[0]?.leaf
    const otherIssuer = { status: 'other_issuer', registered: registeredLeaf }
    expect(bindingOf(root, {})).to.deep.equal(otherIssuer)
    expect(bindingOf(Authority.root().issueAuthority(), {})).to.deep.equal(otherIssuer)
    expect(bindingOf(issuing, { signature: 'forged' })).to.deep.equal(otherIssuer)
  })

  it('says that nothing is registered with another name', () => {
    for (const changes of [
      { commonName: 'ACME' },
      { commonName: 'ACME', serialNumber: '0a03' },
      { commonNames: [] },
      { commonNames: ['acme', 'acme'] },
    ])
      expect(bindingOf(issuing, changes), JSON.stringify(changes)).to.deep.equal({ status: 'unregistered' })
    expect(new RegistrySnapshot([]).bindingOf(read(acmeLeaf))).to.deep.equal({ status: 'unregistered' })
  })

  it('recognises a renewal by the registered issuer, and whose it is', () => {
    const likelyRenewalOf = { certificate: acme.certificates[0], owners: [acme] }
    expect(bindingOf(issuing, { serialNumber: '0a03' })).to.deep.equal({ status: 'unregistered', likelyRenewalOf })
    const replaced = snapshot.with([devApp({ id: 'acme', clientKey: 'acme-key' })])
    const renewed = read(issuing.issue({ commonName: 'acme' }))
    expect(replaced.bindingOf(renewed)).to.deep.equal({ status: 'unregistered' })
  })

  it('tells certificates of the same serial number and name apart by their issuers', () => {
    const other = Authority.root({ commonName: 'Other Root CA' })
    const second = other.issue({ commonName: 'acme', serialNumber: '0a01' })
    const owner = devApp({ certificates: [{ leaf: read(second), chain: [read(other.certificate)] }] })
    const both = new RegistrySnapshot([acme, owner])
    const reissued = read(other.issue({ commonName: 'acme', serialNumber: '0a01' }))
    expect(both.bindingOf(reissued)).to.deep.equal({ status: 'differs', registered: owner.certificates[0]?.leaf })
    expect(both.bindingOf(read(second))).to.deep.include({ status: 'registered', owners: [owner] })
  })

  it('has a registered leaf read already, and no other', () => {
    expect(snapshot.registeredLeaf(acmeLeaf.der)).to.equal(acme.certificates[0]?.leaf)
    for (const der of [issuing.certificate.der, Buffer.alloc(0), Buffer.concat([acmeLeaf.der, acmeLeaf.der])])
      expect(snapshot.registeredLeaf(der)).to.equal(undefined)
  })

  it('lists each registered leaf once', () => {
    expect(snapshot.certificates.map(({ leaf }) => leaf.commonNames[0])).to.deep.equal(['acme', 'shared'])
  })

  it('knows whether a person chose any of the secrets', () => {
    const withHash = (hash: string): DevApp => devApp({ clientSecrets: [{ hash, notAfter: undefined }] })
    const machineMade = withHash(hashGeneratedSecret('made by a machine'))
    expect(new RegistrySnapshot([acme, machineMade]).holdsChosenSecret).to.equal(false)
    expect(new RegistrySnapshot([machineMade, withHash(hashChosenSecret('chosen'))]).holdsChosenSecret).to.equal(true)
  })
})
