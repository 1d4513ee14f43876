import { expect } from 'chai'
import { type Connecting, statusOf } from '../../support/verbatim.ts'
import { type GuardedGateway, mtls } from './guarded_gateway.ts'
import { withGuardedGateway } from './with_guarded_gateway.ts'

/** Spellings of the target of a request for /v1/data, and what a rightful caller gets who sends it. */
const targets: readonly { readonly target: string; readonly rightful: 'passes' | number }[] = [
  { target: '/v1/data', rightful: 'passes' },
  { target: '//v1/data', rightful: 'passes' },
  { target: '/v1//data', rightful: 'passes' },
  { target: '///v1///data', rightful: 'passes' },
  { target: '/./v1/data', rightful: 'passes' },
  { target: '/v1/./data', rightful: 'passes' },
  { target: '/v1/data/.', rightful: 'passes' },
  { target: '/v1/x/../data', rightful: 'passes' },
  { target: '/../v1/data', rightful: 'passes' },
  { target: '/v1/callback/../data', rightful: 'passes' },
  { target: '/v1/callback/./../data', rightful: 'passes' },
  { target: '/v1/callback//../../data', rightful: 'passes' },
  { target: '/v1/callback//../data', rightful: 421 },
  { target: '/v1/callback/x/../../data', rightful: 'passes' },
  { target: '/v1/callback/%2e%2e/data', rightful: 'passes' },
  { target: '/v1/callback/%2E%2E/data', rightful: 'passes' },
  { target: '/v1/callback/.%2e/data', rightful: 'passes' },
  { target: '/v1/callback/%2e./data', rightful: 'passes' },
  { target: '/v1/%2e/data', rightful: 'passes' },
  { target: '/v1/%64ata', rightful: 'passes' },
  { target: '/%76%31/data', rightful: 'passes' },
  { target: '/v1\\data', rightful: 'passes' },
  { target: '/v1/callback\\..\\data', rightful: 'passes' },
  { target: '/v1/data?', rightful: 'passes' },
  { target: '/v1/data?/../callback', rightful: 'passes' },
  { target: '/v1/data?x=/v1/callback', rightful: 'passes' },
  { target: '/v1/data/..%2fcallback', rightful: 400 },
  { target: '/v1%2fdata', rightful: 400 },
  { target: '/v1%2Fdata', rightful: 400 },
  { target: '/v1/callback%2f..%2fdata', rightful: 400 },
  { target: '/v1/callback/..%2fdata', rightful: 400 },
  { target: '/v1/callback/%2e%2e%2fdata', rightful: 400 },
  { target: '/v1/callback%5c..%5cdata', rightful: 400 },
  { target: '/v1/callback/..%5Cdata', rightful: 400 },
  // Servers that drop path parameters before they resolve dot segments read `/v1/data`, as Envoy does.
  { target: '/v1/callback/..;/data', rightful: 'passes' },
  { target: '/v1/callback/..;a=b/data', rightful: 'passes' },
  { target: '/v1/callback/.;/..;/data', rightful: 'passes' },
  // Only servers that decode before that.
  { target: '/v1/callback/%2e%2e;/data', rightful: 400 },
  { target: '/v1/callback/.%2E;x=y/data', rightful: 400 },
  { target: '/v1/callback/..%3b/data', rightful: 400 },
  { target: '/v1/callback/..%3B/data', rightful: 400 },
  // Only servers that decode twice.
  { target: '/v1/callback/%252e%252e/data', rightful: 400 },
  { target: '/v1/callback/%252E%252E/data', rightful: 400 },
  { target: '/v1/callback/.%252e/data', rightful: 400 },
  { target: '/v1/callback/%252e%252e%252fdata', rightful: 400 },
  { target: '/v1/callback%252f..%252fdata', rightful: 400 },
  { target: '/v1/callback/..%255cdata', rightful: 400 },
  { target: '/v1/callback/..%253b/data', rightful: 400 },
  { target: '/v1/callback#/../data', rightful: 400 },
  { target: '/v1/data#/v1/callback', rightful: 400 },
  { target: '/v1/data%00', rightful: 400 },
  { target: '/v1/callback/%00/../../data', rightful: 400 },
  { target: '/v1/data;x', rightful: 404 },
  { target: '/V1/DATA', rightful: 404 },
  { target: '/v1/Data', rightful: 404 },
  { target: '/v1/data.', rightful: 404 },
  { target: '/v1/data%20', rightful: 404 },
  { target: '/v1/d%61ta%2e', rightful: 404 },
  { target: '/v1/database', rightful: 404 },
  { target: 'v1/data', rightful: 400 },
  { target: '*', rightful: 400 },
  { target: '', rightful: 400 },
]

const withHost = (host: string, target: string) =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

describe('the path of a request, in every spelling', function () {
  this.timeout(30_000)
  let gateway: GuardedGateway
  withGuardedGateway((started) => {
    gateway = started
  })

  for (const { target, rightful } of targets)
    it(`${target === '' ? 'an empty one' : target} leads nobody around the credentials`, async () => {
      const send = (connecting: Connecting, host: string, text = target) =>
        gateway.verbatim(connecting, [withHost(host, text)])
      await gateway.expectRefused((connecting) => send(connecting, connecting.sni))
      // As if it were meant for the other hostname.
      await gateway.expectRefused((connecting) => send(connecting, mtls))

      let answer = ''
      const received = await gateway.reaching(async () => {
        answer = await send(gateway.rightful, mtls)
      })
      if (rightful === 'passes') {
        expect(statusOf(answer)).to.equal(200)
        expect(received.map(({ path }) => path.split('?')[0])).to.deep.equal([resolvedTarget(target)])
        return
      }
      expect([statusOf(answer), received]).to.deep.equal([rightful, []])
      const plain = await gateway.reaching(() => send(gateway.rightful, mtls, '/v1/data'))
      expect(plain).to.have.lengthOf(1)
    })
})

const resolvedTarget = (target: string): string => (target.split('?')[0] === '/v1/data/.' ? '/v1/data/' : '/v1/data')
