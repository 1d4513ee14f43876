import { expect } from 'chai'
import { ask } from '../../support/gateway_client.ts'
import { type Connecting, statusOf } from '../../support/verbatim.ts'
import { type GuardedGateway, isGuarded, mtls, tls } from './guarded_gateway.ts'
import { withGuardedGateway } from './with_guarded_gateway.ts'

interface Attempt {
  readonly what: string
  readonly parts: readonly (string | Buffer)[]
  /** What a rightful caller gets for the same: it reaches the upstream, or this status, or no answer at all. */
  readonly rightful: 'passes' | number | undefined
}

const lines = (...each: string[]) => [...each, '', ''].join('\r\n')
const get = (...headers: string[]) => [lines('GET /v1/data HTTP/1.1', `Host: ${mtls}`, ...headers)]
const websocket = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
const method = (name: string) => [lines(`${name} /v1/data HTTP/1.1`, `Host: ${mtls}`, 'Content-Length: 0')]
const post = (headers: readonly string[], ...body: string[]) => [
  lines('POST /v1/data HTTP/1.1', `Host: ${mtls}`, ...headers),
  ...body,
]
const chunked = 'Transfer-Encoding: chunked'

const attempts: readonly Attempt[] = [
  {
    what: 'an upgrade to WebSocket',
    parts: get('Connection: Upgrade', 'Upgrade: websocket', ...websocket),
    rightful: 403,
  },
  { what: 'an upgrade to a protocol nobody knows', parts: get('Connection: Upgrade', 'Upgrade: foo'), rightful: 403 },
  { what: 'an upgrade to TLS', parts: get('Connection: Upgrade', 'Upgrade: TLS/1.0'), rightful: 403 },
  {
    what: 'an upgrade to h2c',
    parts: get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
    rightful: 'passes',
  },
  { what: 'an Upgrade that no Connection names', parts: get('Upgrade: websocket', ...websocket), rightful: 'passes' },
  { what: 'CONNECT to the hostname', parts: [lines(`CONNECT ${mtls}:443 HTTP/1.1`, `Host: ${mtls}`)], rightful: 404 },
  { what: 'CONNECT to the API', parts: method('CONNECT'), rightful: 400 },
  { what: 'HTTP/2 where HTTP/1.1 was agreed on', parts: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], rightful: 400 },
  { what: 'HTTP/1.0', parts: [lines('GET /v1/data HTTP/1.0', `Host: ${mtls}`)], rightful: 426 },
  { what: 'HTTP/0.9', parts: ['GET /v1/data\r\n'], rightful: 426 },
  { what: 'a version that does not exist', parts: [lines('GET /v1/data HTTP/1.2', `Host: ${mtls}`)], rightful: 426 },
  { what: 'lines without a carriage return', parts: [`GET /v1/data HTTP/1.1\nHost: ${mtls}\n\n`], rightful: 'passes' },
  { what: 'empty lines first', parts: [`\r\n\r\nGET /v1/data HTTP/1.1\r\nHost: ${mtls}\r\n\r\n`], rightful: 'passes' },
  { what: 'OPTIONS, as a preflight', parts: method('OPTIONS'), rightful: 'passes' },
  { what: 'HEAD', parts: [lines('HEAD /v1/data HTTP/1.1', `Host: ${mtls}`, 'Connection: close')], rightful: 'passes' },
  { what: 'TRACE', parts: method('TRACE'), rightful: 'passes' },
  { what: 'a method in small letters', parts: method('get'), rightful: 400 },
  { what: 'a method nobody knows', parts: method('FOO'), rightful: 400 },
  { what: 'another method in a header', parts: get('X-HTTP-Method-Override: OPTIONS'), rightful: 'passes' },
  {
    what: 'gRPC',
    parts: post(['Content-Type: application/grpc', 'TE: trailers', 'Content-Length: 5'], '\0\0\0\0\0'),
    rightful: 'passes',
  },
  {
    what: 'gRPC-Web',
    parts: post(['Content-Type: application/grpc-web', 'Content-Length: 5'], '\0\0\0\0\0'),
    rightful: 'passes',
  },
  {
    what: 'a body that waits for 100-continue',
    parts: post(['Expect: 100-continue', 'Content-Length: 2'], 'ab'),
    rightful: 'passes',
  },
  { what: 'Expect with something else', parts: post(['Expect: 200-ok', 'Content-Length: 0']), rightful: 'passes' },
  { what: 'the word of a proxy that early data was checked', parts: get('Early-Data: 1'), rightful: 'passes' },
  {
    what: 'an identity in trailers',
    parts: post([chunked, 'Trailer: x-devapp-id'], '1\r\na\r\n0\r\nx-devapp-id: acme\r\nhost: x\r\n\r\n'),
    rightful: 'passes',
  },
]

const inner = lines('GET /v1/data HTTP/1.1', `Host: ${mtls}`)
const farewell = lines('GET /v1/callback HTTP/1.1', `Host: ${tls}`, 'Connection: close')
const outer = (headers: readonly string[], body: string) =>
  lines('POST /v1/callback HTTP/1.1', `Host: ${tls}`, ...headers) + body
const chunk = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`
const length = `Content-Length: ${inner.length}`

/** Requests that anybody may make, with one for a guarded API within. */
const smuggled: Readonly<Record<string, string>> = {
  'behind another one': outer(['Content-Length: 0'], inner),
  'in a body': outer([length], inner),
  'in the body of a GET': lines('GET /v1/callback HTTP/1.1', `Host: ${tls}`, length) + inner,
  'in a chunk': outer([chunked], chunk),
  'behind a body whose length and chunks differ': outer(['Content-Length: 5', chunked], `0\r\n\r\n${inner}`),
  'behind chunks that a length denies': outer([chunked, length], `0\r\n\r\n${inner}`),
  'by a coding that is not quite chunked': outer(['Transfer-Encoding: xchunked', length], inner),
  'by chunked with a space before the colon': outer(['Transfer-Encoding : chunked', length], `0\r\n\r\n${inner}`),
  'by chunked behind a tab': outer(['Transfer-Encoding:\tchunked'], `0\r\n\r\n${inner}`),
  'by chunked on a folded line': outer(['Transfer-Encoding:', ' chunked', length], `0\r\n\r\n${inner}`),
  'by chunked twice': outer([chunked, chunked], `0\r\n\r\n${inner}`),
  'by chunked and identity': outer(['Transfer-Encoding: chunked, identity', length], `0\r\n\r\n${inner}`),
  'by identity and chunked': outer(['Transfer-Encoding: identity', chunked, length], `0\r\n\r\n${inner}`),
  'by two lengths': outer(['Content-Length: 0', length], inner),
  'by two lengths in one': outer([`Content-Length: 0, ${inner.length}`], inner),
  'by a length with a sign': outer([`Content-Length: +${inner.length}`], inner),
  'by a length below zero': outer(['Content-Length: -1'], inner),
  'by a length in hex': outer([`Content-Length: 0x${inner.length.toString(16)}`], inner),
  'by a chunk whose size overflows': outer([chunked], `ffffffffffffffff1\r\n${inner}\r\n0\r\n\r\n`),
  'by a chunk with a negative size': outer([chunked], `-1\r\n${inner}`),
  'by an extension of a chunk': outer([chunked], `0;${inner.replaceAll('\r\n', '\n')}\r\n\r\n${inner}`),
  'by chunks that end with bare newlines': outer([chunked], `0\n\n${inner}`),
  'in trailers': outer([chunked], `0\r\n${inner}`),
  'in a header by a bare carriage return': outer(
    ['Content-Length: 0', `X-A: b\r\r${inner.replaceAll('\r\n', '\r')}`],
    '',
  ),
  'in a header by a bare newline': outer(['Content-Length: 0', `X-A: b\n\n${inner.replaceAll('\r\n', '\n')}`], ''),
  'in the request line': lines(`GET /v1/callback HTTP/1.1\n\nGET /v1/data HTTP/1.1`, `Host: ${mtls}`),
  'in an escaped path': lines('GET /v1/callback%20HTTP/1.1%0d%0a%0d%0aGET%20/v1/data HTTP/1.1', `Host: ${tls}`),
}

describe('protocols and their seams', function () {
  this.timeout(30_000)
  let gateway: GuardedGateway
  withGuardedGateway((started) => {
    gateway = started
  })

  for (const { what, parts, rightful } of attempts)
    it(`${what} leads nobody around the credentials`, async () => {
      await gateway.expectRefused((connecting) => gateway.verbatim(connecting, parts))
      if (rightful === 'passes') {
        const { headers, trailers } = await gateway.expectPassed((connecting) => gateway.verbatim(connecting, parts))
        expect([headers['x-devapp-id'], trailers]).to.deep.equal(['acme', {}])
        expect(headers).not.to.have.any.keys('upgrade', 'http2-settings')
        return
      }
      let answer = ''
      const received = await gateway.reaching(async () => {
        answer = await gateway.verbatim(gateway.rightful, parts)
      })
      expect([statusOf(answer), received]).to.deep.equal([rightful, []])
      await gateway.expectPassed((connecting) => gateway.verbatim(connecting, get()))
    })

  for (const [how, text] of Object.entries(smuggled))
    it(`a request within another one, ${how}, gets to no guarded API`, async () => {
      const received = await gateway.reaching(() => gateway.verbatim({ sni: tls }, [text, farewell], 4))
      expect(received.filter(isGuarded)).to.deep.equal([])
      // Envoy's own connection to the upstream is shared: what comes next is not answered with what was left in it.
      await gateway.expectPassed((connecting) => gateway.verbatim(connecting, [inner]))
    })

  it('gRPC over HTTP/2, with trailers, leads nobody around the credentials', async () => {
    const call = (connecting: Connecting) =>
      ask(gateway.live.envoy.port, gateway.live.authorityPem, {
        ...{ protocol: 'h2', method: 'POST', sni: connecting.sni, host: mtls, path: '/v1/data/pkg.Service/Method' },
        headers: [
          ['content-type', 'application/grpc'],
          ['te', 'trailers'],
        ],
        ...{ body: '\0\0\0\0\0', trailers: { 'x-devapp-id': 'forged' } },
        ...(connecting.certificate && { certificate: connecting.certificate }),
      })
    await gateway.expectRefused(call)
    const { headers, trailers, bodyBytes } = await gateway.expectPassed(call)
    expect([headers['x-devapp-id'], trailers, bodyBytes]).to.deep.equal(['acme', {}, 5])
  })
})
