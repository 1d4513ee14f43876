import { expect } from 'chai'
import { type HeaderBlock, type RawRequest, sendFrames } from '../../support/http2_frames.ts'
import type { Connecting } from '../../support/verbatim.ts'
import { type GuardedGateway, mtls, tls } from './guarded_gateway.ts'
import { withGuardedGateway } from './with_guarded_gateway.ts'

interface Attempt {
  readonly what: string
  readonly request: RawRequest
  readonly rightful: 'passes' | 'refused'
}

const pseudo = (changes: Readonly<Record<string, string | undefined>> = {}): HeaderBlock =>
  Object.entries({ ':method': 'GET', ':scheme': 'https', ':authority': mtls, ':path': '/v1/data', ...changes }).flatMap(
    ([name, value]) => (value === undefined ? [] : [[name, value] as const]),
  )
const fields = (...more: HeaderBlock): RawRequest => ({ headers: [...pseudo(), ...more] })
const changed = (changes: Readonly<Record<string, string | undefined>>, ...more: HeaderBlock): RawRequest => ({
  headers: [...pseudo(changes), ...more],
})
const within = `x\r\n\r\nGET /v1/data HTTP/1.1\r\nhost: ${mtls}\r\n\r\n`

const attempts: readonly Attempt[] = [
  { what: 'as they have to be', request: fields(), rightful: 'passes' },
  { what: 'in another order', request: { headers: pseudo().toReversed() }, rightful: 'passes' },
  { what: 'with :authority twice', request: fields([':authority', tls]), rightful: 'refused' },
  { what: 'with the same :authority twice', request: fields([':authority', mtls]), rightful: 'refused' },
  { what: 'with :path twice', request: fields([':path', '/v1/callback']), rightful: 'refused' },
  { what: 'with :method twice', request: fields([':method', 'OPTIONS']), rightful: 'refused' },
  { what: 'behind a header', request: { headers: [['x-a', 'b'], ...pseudo()] }, rightful: 'refused' },
  {
    what: 'with :path behind a header',
    request: changed({ ':path': undefined }, ['x-a', 'b'], [':path', '/v1/data']),
    rightful: 'refused',
  },
  { what: 'with one that does not exist', request: fields([':policy', 'callback']), rightful: 'refused' },
  { what: 'with one of a response', request: fields([':status', '200']), rightful: 'refused' },
  { what: 'in capitals', request: changed({ ':path': undefined, ':PATH': '/v1/data' }), rightful: 'refused' },
  { what: 'without :path', request: changed({ ':path': undefined }), rightful: 'refused' },
  { what: 'with an empty :path', request: changed({ ':path': '' }), rightful: 'refused' },
  { what: 'with an asterisk as :path', request: changed({ ':path': '*' }), rightful: 'refused' },
  { what: 'with a :path without a slash', request: changed({ ':path': 'v1/data' }), rightful: 'refused' },
  { what: 'with an absolute :path', request: changed({ ':path': `https://${mtls}/v1/data` }), rightful: 'refused' },
  { what: 'with a fragment in :path', request: changed({ ':path': '/v1/callback#/../data' }), rightful: 'refused' },
  { what: 'with a space in :path', request: changed({ ':path': '/v1/data HTTP/1.1' }), rightful: 'refused' },
  {
    what: 'with a request in :path',
    request: changed({ ':path': `/v1/callback HTTP/1.1\r\nhost: x\r\n\r\nGET /v1/data` }),
    rightful: 'refused',
  },
  {
    what: 'with a request in :method',
    request: changed({ ':method': 'GET /v1/data HTTP/1.1\r\na: b\r\n\r\nGET' }),
    rightful: 'refused',
  },
  {
    what: 'with a request in :authority',
    request: changed({ ':authority': `${mtls}\r\n\r\nGET /v1/data HTTP/1.1` }),
    rightful: 'refused',
  },
  {
    what: 'with a request in :scheme',
    request: changed({ ':scheme': 'https://x/v1/data HTTP/1.1\r\na: b' }),
    rightful: 'refused',
  },
  { what: 'without :method', request: changed({ ':method': undefined }), rightful: 'refused' },
  { what: 'without :scheme', request: changed({ ':scheme': undefined }), rightful: 'refused' },
  { what: 'with http as :scheme', request: changed({ ':scheme': 'http' }), rightful: 'passes' },
  { what: 'with a :scheme of its own', request: changed({ ':scheme': 'gopher' }), rightful: 'passes' },
  { what: 'without :authority', request: changed({ ':authority': undefined }), rightful: 'refused' },
  { what: 'with an empty :authority', request: changed({ ':authority': '' }), rightful: 'refused' },
  {
    what: 'with Host for :authority',
    request: changed({ ':authority': undefined }, ['host', mtls]),
    rightful: 'passes',
  },
  { what: 'with another Host than :authority', request: fields(['host', tls]), rightful: 'passes' },
  {
    what: 'with the 2-way Host and the 1-way :authority',
    request: changed({ ':authority': tls }, ['host', mtls]),
    rightful: 'refused',
  },
  { what: 'with a user in :authority', request: changed({ ':authority': `${tls}@${mtls}` }), rightful: 'refused' },
  {
    what: 'with CONNECT',
    request: {
      headers: [
        [':method', 'CONNECT'],
        [':authority', `${mtls}:443`],
      ],
    },
    rightful: 'refused',
  },
  { what: 'with CONNECT to a path', request: changed({ ':method': 'CONNECT' }), rightful: 'refused' },
  {
    what: 'with CONNECT for WebSocket',
    request: changed({ ':method': 'CONNECT', ':protocol': 'websocket' }),
    rightful: 'refused',
  },
  { what: 'with GET and :protocol', request: fields([':protocol', 'websocket']), rightful: 'refused' },
  {
    what: 'with an upgrade',
    request: fields(['upgrade', 'websocket'], ['connection', 'upgrade']),
    rightful: 'refused',
  },
  {
    what: 'with transfer-encoding',
    request: { ...fields(['transfer-encoding', 'chunked']), body: `0\r\n\r\n${within}` },
    rightful: 'refused',
  },
  {
    what: 'with a content-length that is too short',
    request: { ...fields(['content-length', '0']), body: within },
    rightful: 'refused',
  },
  {
    what: 'with a content-length that is too long',
    request: { ...fields(['content-length', '999']), body: within },
    rightful: 'refused',
  },
  {
    what: 'with two content-lengths',
    request: { ...fields(['content-length', '1'], ['content-length', '2']), body: 'a' },
    rightful: 'refused',
  },
  { what: 'with a request in a header', request: fields(['x-a', within]), rightful: 'refused' },
  {
    what: 'with a request in a name',
    request: fields([`x-a: b\r\n\r\nGET /v1/data HTTP/1.1\r\nhost`, mtls]),
    rightful: 'refused',
  },
  { what: 'with a name in capitals', request: fields(['X-DevApp-Id', 'acme']), rightful: 'refused' },
  { what: 'with a name with an underscore', request: fields(['x_devapp_id', 'acme']), rightful: 'refused' },
  { what: 'with an empty name', request: fields(['', 'acme']), rightful: 'refused' },
  { what: 'with a name that ends in a space', request: fields(['x-devapp-id ', 'acme']), rightful: 'refused' },
  { what: 'with a NUL in a header', request: fields(['x-a', 'b\0c']), rightful: 'refused' },
  { what: 'with a body to a GET', request: { ...fields(), body: within }, rightful: 'passes' },
  { what: 'in trailers', request: { ...fields(), body: 'a', trailers: [[':path', '/v1/data']] }, rightful: 'refused' },
  {
    what: 'with an identity in trailers',
    request: { ...fields(), body: 'a', trailers: [['x-devapp-id', 'forged']] },
    rightful: 'passes',
  },
]

describe('pseudo-headers and frames of HTTP/2', function () {
  this.timeout(30_000)
  let gateway: GuardedGateway
  withGuardedGateway((started) => {
    gateway = started
  })

  const send = (connecting: Connecting, ...requests: RawRequest[]) =>
    sendFrames(gateway.live.envoy.port, gateway.live.authorityPem, connecting, requests)

  for (const { what, request, rightful } of attempts)
    it(`${what} lead nobody around the credentials`, async () => {
      await gateway.expectRefused((connecting) => send(connecting, request))
      // From where anybody may make a request, before it and after it on the same connection.
      const open = { headers: pseudo({ ':authority': tls, ':path': '/v1/callback' }) }
      const around = await gateway.reaching(() => send({ sni: tls }, open, request, open))
      expect(around.filter(({ path }) => path !== '/v1/callback')).to.deep.equal([])
      if (rightful === 'passes') {
        const { path, headers, trailers } = await gateway.expectPassed((connecting) => send(connecting, request))
        expect([path, headers.host, headers['x-devapp-id'], trailers]).to.deep.equal(['/v1/data', mtls, 'acme', {}])
        return
      }
      expect(await gateway.reaching(() => send(gateway.rightful, request))).to.deep.equal([])
      await gateway.expectPassed((connecting) => send(connecting, fields()))
    })
})
