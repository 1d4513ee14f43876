import { expect } from 'chai'
import { Authority, selfSigned } from '../../../support/pki.ts'
import { chain, devApp, issuing, leaf, parse, root, said } from './devapps_fixture.ts'

describe('a chain in a registry file', () => {
  const saidOfChain = (pem: unknown) => said(devApp({ certificates: [{ chain: pem }] }))
  const order = 'write the leaf first, then each issuer, and the self-signed root last'
  const at = 'devapps[0].certificates[0].chain'
  const [leafName, issuingName, rootName] = [
    'CN=acme,O=Example Oy,C=FI',
    'CN=Example Issuing CA,O=Example Oy,C=FI',
    'CN=Example Root CA,O=Example Oy,C=FI',
  ]

  it('ends in a root, each certificate signed by the next', () => {
    expect(saidOfChain(leaf.pem + issuing.certificate.pem)).to.deep.equal([
      `${at}: ${issuingName} is no root, and nothing follows it; ${order}`,
    ])
    expect(saidOfChain(leaf.pem + root.certificate.pem)).to.deep.equal([
      `${at}: ${leafName} was not issued by ${rootName}, which follows it; ${order}`,
    ])
    expect(saidOfChain(root.certificate.pem + issuing.certificate.pem + leaf.pem)).to.deep.equal([
      `${at}: ${rootName} was not issued by ${issuingName}, which follows it; ${order}`,
    ])
  })

  it('is not taken from a CA of the same name with another key', () => {
    const namesake = Authority.root().issueAuthority()
    expect(saidOfChain(leaf.pem + namesake.chainPem)).to.deep.equal([
      `${at}: ${leafName} was not issued by ${issuingName}, which follows it; ${order}`,
    ])
  })

  it('has an issuer', () => {
    const cure = 'add the certificates up to the root'
    for (const pem of [leaf.pem, selfSigned().pem, '', 'not PEM at all', leaf.privateKeyPem])
      expect(saidOfChain(pem)).to.deep.equal([`${at}: a chain has at least a leaf and its issuer; ${cure}`])
  })

  it('is readable PEM', () => {
    const cure = 'write the chain as PEM blocks, the leaf first'
    expect(saidOfChain(chain.replace('-----END CERTIFICATE-----', ''))).to.deep.equal([
      `${at}: a PEM block of a CERTIFICATE is not closed; ${cure}`,
    ])
    expect(saidOfChain(chain.replace(/\nM/, '\n*'))).to.deep.equal([`${at}: a PEM block is not base64; ${cure}`])
    expect(saidOfChain(chain.replace(/\nM../, '\nAAA'))[0]).to.contain('not a readable X.509 certificate')
    expect(saidOfChain(7)[0]).to.contain('expected a chain in PEM')
  })

  it('may have text between its blocks, and a leaf that has expired', () => {
    const expired = issuing.issue({
      notAfter: new Date('2026-01-01T00:00:00Z'),
      notBefore: new Date('2025-01-01T00:00:00Z'),
    })
    const [acme] = parse(
      devApp({ certificates: [{ chain: `subject=acme\n${expired.pem}\nissuer\n${issuing.chainPem}` }] }),
    )
    expect(acme?.certificates).to.have.lengthOf(1)
  })
})
