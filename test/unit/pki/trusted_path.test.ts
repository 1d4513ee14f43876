import { expect } from 'chai'
import type { Certificate } from '../../../src/domain/certificate.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { isSameName } from '../../../src/pki/name_match.ts'
import { type PathSearch, trustedPath } from '../../../src/pki/trusted_path.ts'
import { Authority, fixedNow, type IssuedCertificate } from '../../support/pki.ts'

const read = (issued: IssuedCertificate): Certificate => certificateFromDer(issued.der)
const dayMs = 86_400_000
const yesterday = new Date(fixedNow.getTime() - dayMs)

const root = Authority.root({ commonName: 'Root' })
const policyCa = root.issueAuthority({ commonName: 'Policy' })
const issuing = policyCa.issueAuthority({ commonName: 'Issuing' })
const leaf = read(issuing.issue({ commonName: 'acme' }))
const [rootCa, policyCert, issuingCert] = [root, policyCa, issuing].map(({ certificate }) => read(certificate))

function found(search: Partial<PathSearch> & { readonly anchors: readonly (Certificate | undefined)[] }): string {
  const { anchors, ...others } = search
  const anchorsNamed = (name: string) =>
    anchors.flatMap((anchor) => (anchor && isSameName(anchor.subjectDer, name) ? [anchor] : []))
  const finding = trustedPath({ leaf, sent: [], at: fixedNow, anchorsNamed, ...others })
  const names = finding.path.map(({ commonNames }) => commonNames[0]).join(' < ')
  return finding.status === 'invalid' ? `invalid ${finding.problem.code} ${names}` : `${finding.status} ${names}`
}
const sent = (...certificates: (Certificate | undefined)[]) => certificates.flatMap((each) => each ?? [])

describe('trustedPath', () => {
  it('ends at the first anchor, also at an intermediate CA', () => {
    expect(found({ anchors: [rootCa, issuingCert] })).to.equal('valid acme < Issuing')
  })

  it('goes over the certificates that were sent, in any order, passing by what does not belong', () => {
    const stranger = read(Authority.root({ commonName: 'Issuing' }).certificate)
    expect(found({ anchors: [rootCa], sent: sent(policyCert, stranger, issuingCert) })).to.equal(
      'valid acme < Issuing < Policy < Root',
    )
  })

  it('leads nowhere without the intermediate, and to no anchor that was only sent', () => {
    expect(found({ anchors: [rootCa], sent: sent(issuingCert) })).to.equal('open acme < Issuing')
    expect(found({ anchors: [], sent: sent(rootCa, policyCert, issuingCert) })).to.equal(
      'open acme < Issuing < Policy < Root',
    )
  })

  it('takes no CA for the issuer that only bears its name', () => {
    expect(found({ anchors: [read(Authority.root({ commonName: 'Issuing' }).certificate)] })).to.equal('open acme')
  })

  it('says what makes the path invalid', () => {
    const expired = root.issueAuthority({ commonName: 'Issuing', notAfter: yesterday })
    const late = read(expired.issue({ commonName: 'acme' }))
    expect(found({ leaf: late, anchors: [rootCa], sent: [read(expired.certificate)] })).to.equal(
      'invalid expired acme < Issuing < Root',
    )
  })

  it('does not count the dates of the leaf itself', () => {
    const late = read(issuing.issue({ commonName: 'acme', notAfter: yesterday }))
    expect(found({ leaf: late, anchors: [issuingCert] })).to.equal('valid acme < Issuing')
  })

  it('finds the valid one of several anchors with one name and key', () => {
    const renewed = read(issuing.certificate)
    const old = { ...renewed, sha256: 'old', notAfter: yesterday }
    expect(found({ anchors: [old, renewed] })).to.equal('valid acme < Issuing')
  })

  it('ends, where every certificate could have issued every other', () => {
    const alike = Array.from({ length: 9 }, (_, index) => ({ ...read(root.certificate), sha256: `${index}` }))
    const started = performance.now()
    expect(found({ leaf: read(root.issue({ commonName: 'acme' })), anchors: [], sent: alike })).to.match(
      /^open acme < Root/,
    )
    expect(performance.now() - started).to.be.lessThan(1_000)
  })
})
