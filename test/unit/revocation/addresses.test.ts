import { expect } from 'chai'
import type { Certificate } from '../../../src/domain/certificate.ts'
import { responderAddresses } from '../../../src/revocation/addresses.ts'

describe('addresses', () => {
  const addresses = (
    ocspUrls: readonly string[],
    override?: Parameters<typeof responderAddresses>[1],
    allowedHosts?: ReadonlySet<string>,
  ) => {
    const found = responderAddresses({ ocspUrls } as unknown as Certificate, override, allowedHosts)
    return found.status === 'named' ? found.responders.map(({ href }) => href) : found.status
  }

  it('are those of the certificate, in its order', () => {
    const urls = ['http://b.example.com/', 'https://a.example.com/ocsp']
    expect(addresses(urls)).to.deep.equal(urls)
  })

  it("are the operator's alone where he names one", () => {
    const responder = new URL('http://10.0.0.1/ocsp')
    expect(addresses(['http://a.example.com/'], { responder })).to.deep.equal([responder.href])
    expect(addresses([], { responder }, new Set())).to.deep.equal([responder.href])
  })

  it('stay those of the certificate where the operator only pins keys', () => {
    expect(addresses(['http://a.example.com/'], { pinned: [] })).to.deep.equal(['http://a.example.com/'])
  })

  it('are none where the certificate names nothing over HTTP', () => {
    expect(addresses([])).to.equal('no_source')
    expect(addresses(['ldap://a.example.com/cn=ca', 'file:///etc/passwd', 'not a url', ''])).to.equal('no_source')
  })

  it('leave out what is not over HTTP, and fragments', () => {
    const urls = ['ldap://a.example.com/', 'HTTP://A.example.com/x#y']
    expect(addresses(urls)).to.deep.equal(['http://a.example.com/x'])
  })

  it('never carry a user or a password', () => {
    expect(addresses(['http://user@a.example.com/', 'http://:secret@a.example.com/'])).to.equal('not_permitted')
    expect(addresses(['http://user@a.example.com/', 'http://b.example.com/'])).to.deep.equal(['http://b.example.com/'])
  })

  it('are of allowed hosts only, and naming none of them is not the same as naming none', () => {
    const allowed = new Set(['a.example.com'])
    const urls = ['http://b.example.com/', 'http://A.example.com:8080/', 'http://a.example.com.evil.example/']
    expect(addresses(urls, undefined, allowed)).to.deep.equal(['http://a.example.com:8080/'])
    expect(addresses(['http://b.example.com/'], undefined, allowed)).to.equal('not_permitted')
  })

  it('are four at most', () => {
    const urls = Array.from({ length: 9 }, (_, index) => `http://r${index}.example.com/`)
    expect(addresses(urls)).to.deep.equal(urls.slice(0, 4))
  })
})
