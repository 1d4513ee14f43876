import { expect } from 'chai'
import { upstreamHeaders } from '../../../src/envoy/identity_headers.ts'
import { ask } from '../../support/gateway_client.ts'
import { type Connecting, statusOf } from '../../support/verbatim.ts'
import { type GuardedGateway, mtls, tls } from './guarded_gateway.ts'
import { withGuardedGateway } from './with_guarded_gateway.ts'

type Lines = (gateway: GuardedGateway) => readonly string[]

/** Headers on the way to /v1/merchant, which asks for Basic. None of them are the right credentials. */
const wrong: readonly { readonly what: string; readonly lines: Lines; readonly status: number }[] = [
  { what: 'none', lines: () => [], status: 401 },
  { what: 'a wrong secret', lines: ({ wrongBasic }) => [`Authorization: ${wrongBasic}`], status: 401 },
  { what: 'an empty one', lines: () => ['Authorization:'], status: 401 },
  { what: 'the scheme alone', lines: () => ['Authorization: Basic'], status: 401 },
  { what: 'an empty ClientKey', lines: () => [`Authorization: Basic ${base64(':')}`], status: 401 },
  { what: 'a ClientKey without a secret', lines: () => [`Authorization: Basic ${base64('acme-key:')}`], status: 401 },
  { what: 'a Bearer token', lines: ({ basic }) => [`Authorization: Bearer ${basic.slice(6)}`], status: 401 },
  {
    what: 'a wrong one and the right one',
    lines: ({ basic, wrongBasic }) => [`Authorization: ${wrongBasic}`, `Authorization: ${basic}`],
    status: 401,
  },
  {
    what: 'the right one and a wrong one',
    lines: ({ basic, wrongBasic }) => [`Authorization: ${basic}`, `Authorization: ${wrongBasic}`],
    status: 401,
  },
  {
    what: 'the right one twice',
    lines: ({ basic }) => [`Authorization: ${basic}`, `authorization: ${basic}`],
    status: 401,
  },
  { what: 'a list', lines: ({ basic }) => [`Authorization: ${basic}, ${basic}`], status: 401 },
  { what: 'two in one', lines: ({ basic }) => [`Authorization: ${basic} ${basic}`], status: 401 },
  {
    what: 'the right one in Proxy-Authorization',
    lines: ({ basic }) => [`Proxy-Authorization: ${basic}`],
    status: 401,
  },
  { what: 'the right one in a cookie', lines: ({ basic }) => [`Cookie: authorization=${basic}`], status: 401 },
  { what: 'the right one under another name', lines: ({ basic }) => [`X-Authorization: ${basic}`], status: 401 },
  {
    what: 'the right one with a space before the colon',
    lines: ({ basic }) => [`Authorization : ${basic}`],
    status: 400,
  },
  { what: 'the ClientKey alone', lines: () => ['X-Client-Key: acme-key'], status: 401 },
  { what: 'a NUL in it', lines: ({ basic }) => [`Authorization: ${basic}\0`], status: 400 },
]

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** What a client says about itself, and what it must not be believed. */
const claimed = [
  ...upstreamHeaders,
  'x-forwarded-client-cert',
  'x-original-url',
  'x-rewrite-url',
  'x-forwarded-host',
  'x-forwarded-prefix',
  'forwarded',
  'x-envoy-original-path',
  'x-envoy-original-host',
  'x-envoy-internal',
  'x-envoy-decorator-operation',
  'x-envoy-peer-metadata',
]

/** Ways to spell a header's name, over HTTP/1.1. */
const spellings: Readonly<Record<string, (name: string) => string>> = {
  'as it is': (name) => name,
  'in capitals': (name) => name.toUpperCase(),
  'in Train-Case': (name) =>
    name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase()),
  'with underscores': (name) => name.replaceAll('-', '_'),
  'with one underscore': (name) => name.replace('-', '_'),
}

const certificateClaim = 'Hash=00;Subject="CN=acme.example";URI=;DNS=acme.example'

describe('credentials and claims', function () {
  this.timeout(30_000)
  let gateway: GuardedGateway
  withGuardedGateway((started) => {
    gateway = started
  })

  const request = (host: string, path: string, lines: readonly string[]) => [
    [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...lines, 'Connection: close', '', ''].join('\r\n'),
  ]

  describe('an Authorization header', () => {
    for (const { what, lines, status } of wrong)
      it(`lets nobody pass with ${what}`, async () => {
        let answer = ''
        const received = await gateway.reaching(async () => {
          answer = await gateway.verbatim({ sni: tls }, request(tls, '/v1/merchant', lines(gateway)))
        })
        expect([statusOf(answer), received]).to.deep.equal([status, []])
        await gateway.expectPassed(
          (connecting) =>
            gateway.verbatim(connecting, request(tls, '/v1/merchant', [`Authorization: ${gateway.basic}`])),
          { sni: tls },
        )
      })

    it('stands for no certificate, and a certificate for none', async () => {
      const both = [`Authorization: ${gateway.basic}`]
      const partner = (connecting: Connecting, lines: readonly string[]) =>
        gateway.verbatim(connecting, request(mtls, '/v1/partner', lines))
      await gateway.expectRefused((connecting) => partner(connecting, both))
      expect(await gateway.reaching(() => partner(gateway.rightful, []))).to.deep.equal([])
      const other = { sni: mtls, certificate: gateway.other }
      expect(await gateway.reaching(() => partner(other, both))).to.deep.equal([])
      await gateway.expectPassed((connecting) => partner(connecting, both))
    })
  })

  describe('a header that says who calls', () => {
    for (const [how, spell] of Object.entries(spellings))
      it(`opens no API, and reaches none, spelled ${how}`, async () => {
        for (const name of claimed) {
          const lines = [`${spell(name)}: forged-${certificateClaim}`]
          const send = (connecting: Connecting) => gateway.verbatim(connecting, request(mtls, '/v1/data', lines))
          await gateway.expectRefused(send)

          const callback = request(tls, '/v1/callback', lines)
          const open = await gateway.reaching(() => gateway.verbatim({ sni: tls }, callback))
          const asRightful = await gateway.reaching(() => send(gateway.rightful))
          const reach = how.includes('underscore') && spell(name) !== name ? 0 : 1
          expect([open.length, asRightful.length], name).to.deep.equal([reach, reach])
          expect(JSON.stringify([open, asRightful]), name).not.to.contain('forged')
          if (reach === 1) expect(asRightful[0]?.headers['x-devapp-id']).to.equal('acme')
        }
      })

    it('opens no API over HTTP/2 either, and reaches none', async () => {
      for (const name of claimed) {
        const asking = (connecting: Connecting, host: string, path: string) =>
          ask(gateway.live.envoy.port, gateway.live.authorityPem, {
            ...{ protocol: 'h2', sni: connecting.sni, host, path, headers: [[name, 'forged']] as const },
            ...(connecting.certificate && { certificate: connecting.certificate }),
          })
        await gateway.expectRefused((connecting) => asking(connecting, mtls, '/v1/data'))
        const open = await gateway.reaching(() => asking({ sni: tls }, tls, '/v1/callback'))
        const passed = await gateway.expectPassed((connecting) => asking(connecting, mtls, '/v1/data'))
        expect(JSON.stringify([open, passed]), name).not.to.contain('forged')
      }
    })

    it('is not believed where the client nominates it in Connection', async () => {
      const nominated = ['x-devapp-id', 'authorization', 'x-client-cert-sha256', 'host', 'x-request-id']
      for (const name of nominated) {
        const text = (path: string, host: string) => [
          [`GET ${path} HTTP/1.1`, `Host: ${host}`, `Connection: close, ${name}`, '', ''].join('\r\n'),
        ]
        await gateway.expectRefused((connecting) => gateway.verbatim(connecting, text('/v1/data', mtls)))
        const received = await gateway.reaching(() => gateway.verbatim(gateway.rightful, text('/v1/data', mtls)))
        for (const { headers } of received) expect(headers['x-devapp-id'], name).to.equal('acme')
        await gateway.expectPassed((connecting) => gateway.verbatim(connecting, request(mtls, '/v1/data', [])))
      }
    })
  })
})
