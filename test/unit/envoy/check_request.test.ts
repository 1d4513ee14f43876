import { expect } from 'chai'
import type { AuthRequest } from '../../../src/domain/request.ts'
import { hostnameOf, parseCheckRequest } from '../../../src/envoy/check_request.ts'
import { type CheckAttributes, checkRequest, ofStrangers } from '../../support/check_request.ts'
import { Authority } from '../../support/pki.ts'

const authority = Authority.root({ commonName: 'Test Root' })
const leaf = authority.issue({ commonName: 'acme' })

function parse(sent: CheckAttributes): AuthRequest {
  const parsed = parseCheckRequest(checkRequest(sent), ofStrangers)
  expect(parsed).not.to.have.property('code')
  return parsed as AuthRequest
}

function certificateOf(encoded: string): AuthRequest['certificate'] {
  return parse({ certificate: encoded }).certificate
}

describe('parseCheckRequest', () => {
  it("knows the client's address, where Envoy says it", () => {
    const wire = checkRequest({})
    const socket_address = { address: '192.0.2.7', port_value: 4711 }
    Object.assign(wire.attributes?.source ?? {}, { address: { socket_address } })
    expect(parseCheckRequest(wire, ofStrangers)).to.include({ source: '192.0.2.7' })
    expect(parse({}).source).to.equal(undefined)
  })

  it('prefers plain text, unless JSON is asked for', () => {
    const wantsJson = (accept?: string) => parse(accept === undefined ? {} : { headers: { accept } }).wantsJson
    for (const accept of ['application/json', 'text/html, Application/JSON;q=0.9', 'application/problem+json'])
      expect(wantsJson(accept), accept).to.equal(true)
    for (const accept of [
      undefined,
      '*/*',
      'text/html,application/xhtml+xml,application/xml;q=0.9',
      'application/jsonp',
    ])
      expect(wantsJson(accept), accept).to.equal(false)
  })

  it('reduces a request of Envoy to what is read', () => {
    const parsed = parse({
      policy: 'data',
      sni: 'API.example.com',
      host: 'Api.Example.com:8443',
      certificate: encodeURIComponent(leaf.pem),
      headers: { 'x-request-id': 'r-1', 'x-client-key': 'acme', authorization: 'Basic YWNtZTpzM2NyZXQ=' },
    })
    expect(parsed).to.deep.include({
      id: 'r-1',
      policy: 'data',
      sni: 'api.example.com',
      host: 'api.example.com',
      basic: { status: 'presented', clientKey: 'acme', clientSecret: 's3cret' },
      clientKey: 'acme',
    })
    expect(parsed.certificate).to.have.nested.property('certificate.commonNames').that.deep.equals(['acme'])
  })

  it('refuses a request without attributes, and one that is not HTTP', () => {
    for (const attributes of [null, { ...checkRequest({}).attributes, request: null }]) {
      const parsed = parseCheckRequest({ attributes } as never, ofStrangers)
      expect(parsed).to.include({ kind: 'deny', code: 'request_malformed' })
    }
  })

  it('knows no SNI, no policy and no ClientKey where none was sent', () => {
    expect(parse({ sni: '' })).to.include({ sni: undefined, policy: undefined, clientKey: undefined, id: '' })
  })

  describe('the certificate', () => {
    it('is absent where Envoy sends none', () => {
      expect(certificateOf('')).to.deep.equal({ status: 'absent' })
    })

    const malformed: [string, string][] = [
      ['not PEM', 'hello'],
      ['DER in base64 without its armour', leaf.der.toString('base64')],
      ['two certificates', encodeURIComponent(leaf.pem + authority.certificate.pem)],
      ['a private key', encodeURIComponent(leaf.privateKeyPem)],
      ['truncated', encodeURIComponent(leaf.pem).slice(0, 300)],
      ['NULs', encodeURIComponent(leaf.pem.replace('MII', '\0\0\0'))],
      ['percent-encoding that is none', '%E0%A4%A'],
      ['a megabyte', 'A'.repeat(1024 * 1024)],
    ]
    for (const [title, encoded] of malformed) {
      it(`is malformed when it is ${title}`, () => {
        const parsed = certificateOf(encoded)
        expect(parsed.status).to.equal('malformed')
        if (parsed.status === 'malformed') {
          expect(parsed.cause).to.be.a('string').and.not.be.empty
          expect(parsed.cause.length, 'a cause for a log line').to.be.lessThan(300)
        }
      })
    }
  })
})

describe('hostnameOf', () => {
  const cases: [string, string][] = [
    ['api.example.com', 'api.example.com'],
    ['API.Example.COM', 'api.example.com'],
    ['api.example.com:443', 'api.example.com'],
    ['api.example.com.', 'api.example.com'],
    ['api.example.com.:443', 'api.example.com'],
    ['[::1]:8443', '[::1]'],
    ['[::1]', '[::1]'],
    ['', ''],
    ['.', '.'],
    ['api.example.com..', 'api.example.com..'],
    ['a.example,b.example', 'a.example,b.example'],
    ['api.example.com:443,b.example:443', 'api.example.com:443,b.example'],
    ['api.example.com@evil.example', 'api.example.com@evil.example'],
    ['api.example.com:', 'api.example.com:'],
  ]
  for (const [authority, hostname] of cases) {
    it(`of '${authority}' is '${hostname}'`, () => {
      expect(hostnameOf(authority)).to.equal(hostname)
    })
  }
})
