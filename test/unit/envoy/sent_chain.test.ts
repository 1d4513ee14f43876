import { expect } from 'chai'
import fc from 'fast-check'
import { sentChainIn } from '../../../src/envoy/sent_chain.ts'
import { Authority } from '../../support/pki.ts'

const root = Authority.root({ commonName: 'Root' })
const issuing = root.issueAuthority({ commonName: 'Issuing' })
const leaf = issuing.issue({ commonName: 'acme' })
const pems = [leaf.pem, issuing.certificate.pem, root.certificate.pem]
const hash = 'Hash=4655a21136370f34a5da03746ca942d3f682c2ef87b78f7a6b0c5ed34b6a8150'
/** As Envoy writes it. */
const header = (pem: string) => `${hash};Chain="${encodeURIComponent(pem)}"`

describe('sentChainIn', () => {
  it('reads the chain that Envoy writes, the leaf first', () => {
    const sent = sentChainIn(header(pems.join('')))
    expect(sent.status === 'read' && sent.certificates.map(({ commonNames }) => commonNames[0])).to.deep.equal([
      'acme',
      'Issuing',
      'Root',
    ])
  })

  for (const [title, text] of [
    ['no header', undefined],
    ['an empty one', ''],
    ['one without a chain', hash],
  ] as const)
    it(`takes ${title} for no certificates`, () => {
      expect(sentChainIn(text)).to.deep.equal({ status: 'read', certificates: [] })
    })

  it('takes no more than ten certificates, unread', () => {
    expect(sentChainIn(header(leaf.pem.repeat(10)))).to.include({ status: 'read' })
    expect(sentChainIn(header(leaf.pem.repeat(11)))).to.deep.include({
      status: 'malformed',
      cause: 'more than 10 certificates',
    })
  })

  it('takes no more than 256 KiB, unread', () => {
    expect(sentChainIn(header('x'.repeat(256 * 1024)))).to.deep.equal({
      status: 'malformed',
      cause: 'more than 256 KiB',
    })
  })

  it('says what cannot be read of a certificate, or of its encoding', () => {
    expect(sentChainIn(header(leaf.pem.replace('MII', 'NII')))).to.include({ status: 'malformed' })
    expect(sentChainIn(`${hash};Chain="%E0%A4%A"`)).to.include({ status: 'malformed' })
  })

  it('gives a status whatever is sent', () => {
    const armour = fc.constantFrom('-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '%', '"', ';Chain="')
    const parts = fc.array(fc.oneof(fc.string(), fc.base64String(), armour, fc.constantFrom(...pems)), { maxLength: 6 })
    fc.assert(
      fc.property(parts, fc.boolean(), (texts, encoded) => {
        const text = texts.join('')
        expect(sentChainIn(encoded ? header(text.replace(/\p{Cs}/gu, '')) : text).status).to.be.oneOf([
          'read',
          'malformed',
        ])
      }),
      { numRuns: 300 },
    )
  })
})
