import { expect } from 'chai'
import type { Certificate } from '../../../src/domain/certificate.ts'
import type { DevApp } from '../../../src/domain/devapp.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { RegistrySnapshot } from '../../../src/registry/registry.ts'
import { trialsOver } from '../../../src/registry/trials.ts'
import { devApp } from '../../support/evidence.ts'
import { Authority, type CertificateOptions, fixedNow, type IssuedCertificate } from '../../support/pki.ts'

const read = (issued: IssuedCertificate): Certificate => certificateFromDer(issued.der)
const root = Authority.root({ commonName: 'Root' })
const issuing = root.issueAuthority({ commonName: 'Issuing' })
const chain = [read(issuing.certificate), read(root.certificate)] as const
const issue = (options: CertificateOptions): Certificate => read(issuing.issue(options))

const over = (...devApps: DevApp[]) => trialsOver(() => new RegistrySnapshot(devApps))
const owning = (count: number, changes: Partial<DevApp> = {}) =>
  devApp({
    ...{ certificates: Array.from({ length: count }, () => ({ leaf: issue({ commonName: 'everybody' }), chain })) },
    ...changes,
  })

describe('trialsOver', () => {
  it('trusts the CAs of enabled DevApps alone', () => {
    const leaf = issue({ commonName: 'other' })
    expect(over(owning(1)).chainOf(leaf, [], fixedNow)).to.deep.equal({
      ...{ status: 'trusted', path: [chain[0].subject] },
    })
    expect(over(owning(1, { status: 'disabled' })).chainOf(leaf, [], fixedNow)).to.include({ status: 'untrusted' })
    expect(trialsOver(() => undefined).chainOf(leaf, [], fixedNow)).to.include({ status: 'untrusted' })
  })

  it('says what makes a chain invalid, and of which certificate', () => {
    const later = new Date(chain[0].notAfter.getTime() + 1)
    const { reason = '' } = over(owning(1)).chainOf(issue({ commonName: 'other' }), [], later) as { reason?: string }
    expect(reason).to.equal(`${chain[0].subject}: expired (${chain[0].notAfter.toISOString()}), RFC 5280 6.1.3 (a)(2)`)
  })

  it('finds what a certificate renews or imitates, and none of another issuer', () => {
    const elsewhere = Authority.root({ commonName: 'Elsewhere' })
    const registrations = over(owning(1)).registrations()
    const found = (leaf: Certificate) => registrations?.alike(leaf).map(({ owners }) => owners.map(({ id }) => id))
    const [{ leaf } = { leaf: issue({}) }] =
      registrations?.alike(issue({ commonName: 'everybody' })).map(({ certificate }) => certificate) ?? []
    expect(found(issue({ commonName: 'everybody' }))).to.deep.equal([['acme']])
    expect(found(issue({ commonName: 'everybody', serialNumber: leaf.serialNumber }))).to.deep.equal([['acme']])
    expect(found(read(elsewhere.issue({ commonName: 'everybody' })))).to.deep.equal([])
    expect(found(issue({ commonName: 'nobody' }))).to.deep.equal([])
  })

  it('has nothing to look in before a registry was read', () => {
    expect(trialsOver(() => undefined).registrations()).to.equal(undefined)
  })
})
