import { expect } from 'chai'
import {
  certificateFromDer,
  certificateFromPem,
  certificatesFromPem,
  isSignedBy,
} from '../../../src/pki/certificate.ts'
import { trustedAuthorities, truststoreOf, truststorePem } from '../../../src/registry/truststore.ts'
import { devApp } from '../../support/evidence.ts'
import { Authority } from '../../support/pki.ts'

const root = Authority.root()
const issuing = root.issueAuthority()
const other = Authority.root({ commonName: 'Other Root CA' })

/** A DevApp with a leaf of each authority and the chain above it. */
const withLeavesOf = (...authorities: Authority[]) =>
  devApp({
    certificates: authorities.map((authority) => {
      const [issuer, ...above] = certificatesFromPem(authority.chainPem)
      return { leaf: certificateFromDer(authority.issue().der), chain: [issuer!, ...above] as const }
    }),
  })
const namesOf = (...devApps: Parameters<typeof trustedAuthorities>[0][number][]) =>
  trustedAuthorities(devApps).map(({ commonNames }) => commonNames[0])

describe('the trust store', () => {
  it('holds every CA of the registered chains once, and no leaf', () => {
    expect(namesOf(withLeavesOf(issuing, issuing), withLeavesOf(other, root))).to.have.members([
      'Example Issuing CA',
      'Example Root CA',
      'Other Root CA',
    ])
  })

  it('leaves out the CAs that only disabled DevApps need', () => {
    const disabled = { ...withLeavesOf(other, root), status: 'disabled' as const }
    expect(namesOf(withLeavesOf(root), disabled)).to.deep.equal(['Example Root CA'])
  })

  it('is the same text for the same CAs, whoever registered them, in whatever order', () => {
    const texts = [
      [withLeavesOf(issuing), withLeavesOf(other)],
      [withLeavesOf(other, issuing, root)],
      [withLeavesOf(root), withLeavesOf(other), withLeavesOf(issuing)],
    ].map((devApps) => truststorePem(trustedAuthorities(devApps)))
    expect(new Set(texts).size).to.equal(1)
    expect(certificatesFromPem(texts[0] ?? '').map(({ sha256 }) => sha256)).to.deep.equal(
      [issuing, root, other].map(({ certificate }) => certificateFromDer(certificate.der).sha256).sort(),
    )
  })

  it('trusts nobody where no CA is registered: its one anchor is no issuer of anything, not even of itself', () => {
    const anchor = certificateFromPem(truststorePem(trustedAuthorities([devApp()])))
    expect(anchor.subject).to.equal('CN=Nobody holds the key of this trust anchor')
    expect(isSignedBy(anchor, anchor)).to.equal(false)
  })

  it('has a version for each set of CAs, however it came about, and is not made anew for the same set', () => {
    const both = truststoreOf([withLeavesOf(issuing), withLeavesOf(other)])
    expect(both).to.deep.equal(truststoreOf([withLeavesOf(other, issuing, root)]))
    expect(both).to.include({ authorities: 3, pem: truststorePem(trustedAuthorities([withLeavesOf(issuing, other)])) })
    const versions = [[], [withLeavesOf(root)], [withLeavesOf(issuing)], [withLeavesOf(other)]].map(
      (devApps) => truststoreOf(devApps).version,
    )
    expect(new Set([...versions, both.version]).size).to.equal(5)
    expect(truststoreOf([withLeavesOf(other), withLeavesOf(issuing)], both)).to.equal(both)
    expect(truststoreOf([withLeavesOf(other)], both).authorities).to.equal(1)
  })
})
