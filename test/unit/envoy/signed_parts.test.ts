import { expect } from 'chai'
import { parseCheckRequest } from '../../../src/envoy/check_request.ts'
import { checkRequest, ofStrangers } from '../../support/check_request.ts'

interface Sent {
  readonly host?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly text?: string
}

function partsOf({ body = '', text = '', ...sent }: Sent) {
  const wire = checkRequest({ method: 'POST', body: Buffer.from(body), ...sent })
  const http = wire.attributes?.request?.http
  if (http) Object.assign(http, { body: text })
  const request = parseCheckRequest(wire, ofStrangers)
  if ('kind' in request) return expect.fail('it is no request')
  return request.signedParts()
}

const partial = (value: string) => ({ 'x-envoy-auth-partial-body': value })

describe('what of a request a signature is over', () => {
  it('is the request as Envoy passes it on, its query apart', () => {
    const parts = partsOf({
      path: '/a%2Fb?x=1?y',
      host: 'API2.example.com',
      headers: partial('false'),
      body: '\u0000ÿ',
    })
    expect(parts).to.deep.include({ method: 'POST', path: '/a%2Fb', query: '?x=1?y', bodyStatus: 'whole' })
    expect(parts.authority).to.equal('api2.example.com')
    expect(Buffer.from(parts.body).toString()).to.equal('\u0000ÿ')
    expect(partsOf({ path: '/a' })).to.include({ path: '/a', query: '' })
  })

  it('has no default port, and any other one', () => {
    expect(partsOf({ host: 'a.example:443' }).authority).to.equal('a.example')
    expect(partsOf({ host: 'a.example:8443' }).authority).to.equal('a.example:8443')
  })

  const bodies: [string, Sent, string][] = [
    ['none', {}, 'whole'],
    ['one that Envoy says is whole', { headers: partial('false'), body: 'ab' }, 'whole'],
    ['one that Envoy says is cut', { headers: partial('true'), body: 'ab' }, 'cut'],
    [
      'one that is shorter than its length',
      { headers: { ...partial('false'), 'content-length': '3' }, body: 'ab' },
      'cut',
    ],
    ['one of which Envoy says nothing', { body: 'ab' }, 'not_sent'],
    ['one that is there as text', { headers: partial('false'), text: 'ab' }, 'not_sent'],
    ['one that was not handed over, by its length', { headers: { 'content-length': '2' } }, 'not_sent'],
    ['one that was not handed over, by its encoding', { headers: { 'transfer-encoding': 'chunked' } }, 'not_sent'],
    ['an empty one', { headers: { 'content-length': '0' } }, 'whole'],
  ]
  for (const [what, sent, status] of bodies)
    it(`has as body ${what}: ${status}`, () => {
      expect(partsOf(sent).bodyStatus).to.equal(status)
    })
})
