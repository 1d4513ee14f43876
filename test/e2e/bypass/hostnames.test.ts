import { expect } from 'chai'
import { openConnection } from '../../support/gateway_client.ts'
import { type Connecting, statusOf } from '../../support/verbatim.ts'
import { type GuardedGateway, isGuarded, mtls, tls } from './guarded_gateway.ts'
import { withGuardedGateway } from './with_guarded_gateway.ts'

/** Ways to name the 2-way hostname in a request for /v1/data, and what a rightful caller gets who does so. */
const named: readonly {
  readonly as: string
  readonly lines: readonly string[]
  readonly rightful: 'passes' | number
}[] = [
  ...(
    [
      ['as it is', mtls, 'passes'],
      ['in capitals', 'API.Example.COM', 'passes'],
      ['with a trailing dot', `${mtls}.`, 'passes'],
      ['with its port', `${mtls}:443`, 'passes'],
      ['with another port', `${mtls}:8443`, 'passes'],
      ['with a dot and a port', `${mtls}.:443`, 'passes'],
      ['with two trailing dots', `${mtls}..`, 421],
      ['with a port that is none', `${mtls}:port`, 421],
      ['with two ports', `${mtls}:443:443`, 421],
      ['behind user information', `${tls}@${mtls}`, 421],
      ['before user information', `${mtls}@${tls}`, 421],
      ['in a list', `${mtls}, ${tls}`, 400],
      ['last in a list', `${tls},${mtls}`, 421],
      ['with a path', `${mtls}/v1/callback`, 400],
      ['with an escaped letter', '%61pi.example.com', 421],
      ['as the 1-way one', tls, 421],
      ['as the one to try certificates on', 'try.example.com', 421],
      ['as a subdomain', `x.${mtls}`, 421],
      ['as the parent', 'example.com', 421],
      ['as an IPv4 address', '127.0.0.1', 421],
      ['as an IPv6 address', '[::1]', 421],
      ['as an IPv6 address with a port', '[::1]:443', 421],
      ['as an IPv4 address within IPv6', '[::ffff:127.0.0.1]', 421],
      ['as an IPv6 address with a zone', '[fe80::1%25lo]', 421],
      ['as localhost', 'localhost', 421],
      ['as nothing', '', 421],
    ] as const
  ).map(([as, host, rightful]) => ({ as, lines: ['GET /v1/data HTTP/1.1', `Host: ${host}`], rightful })),
  { as: 'in no Host at all', lines: ['GET /v1/data HTTP/1.1'], rightful: 400 },
  { as: 'in two Hosts', lines: ['GET /v1/data HTTP/1.1', `Host: ${mtls}`, `Host: ${tls}`], rightful: 421 },
  { as: 'in two Hosts, last', lines: ['GET /v1/data HTTP/1.1', `Host: ${tls}`, `Host: ${mtls}`], rightful: 421 },
  { as: 'in the same Host twice', lines: ['GET /v1/data HTTP/1.1', `Host: ${mtls}`, `Host: ${mtls}`], rightful: 421 },
  { as: 'with a space before the colon', lines: ['GET /v1/data HTTP/1.1', `Host : ${mtls}`], rightful: 400 },
  { as: 'on a folded line', lines: ['GET /v1/data HTTP/1.1', 'Host:', ` ${mtls}`], rightful: 'passes' },
  {
    as: 'in X-Forwarded-Host',
    lines: ['GET /v1/data HTTP/1.1', `Host: ${tls}`, `X-Forwarded-Host: ${mtls}`],
    rightful: 421,
  },
  { as: 'in Forwarded', lines: ['GET /v1/data HTTP/1.1', `Host: ${tls}`, `Forwarded: host=${mtls}`], rightful: 421 },
  { as: 'in an absolute target', lines: [`GET https://${mtls}/v1/data HTTP/1.1`, `Host: ${mtls}`], rightful: 'passes' },
  {
    as: 'in an absolute target alone',
    lines: [`GET https://${mtls}/v1/data HTTP/1.1`, `Host: ${tls}`],
    rightful: 'passes',
  },
  {
    as: 'in an absolute target by http',
    lines: [`GET http://${mtls}/v1/data HTTP/1.1`, `Host: ${mtls}`],
    rightful: 'passes',
  },
  { as: 'not in an absolute target', lines: [`GET https://${tls}/v1/data HTTP/1.1`, `Host: ${mtls}`], rightful: 421 },
  {
    as: 'in an absolute target with a user',
    lines: [`GET https://x@${mtls}/v1/data HTTP/1.1`, `Host: ${tls}`],
    rightful: 'passes',
  },
  { as: 'in a target without a scheme', lines: [`GET //${mtls}/v1/data HTTP/1.1`, `Host: ${tls}`], rightful: 404 },
]

const text = (lines: readonly string[]) => [[...lines, 'Connection: close', '', ''].join('\r\n')]

describe('the hostname of a request', function () {
  this.timeout(30_000)
  let gateway: GuardedGateway
  withGuardedGateway((started) => {
    gateway = started
  })

  for (const { as, lines, rightful } of named)
    it(`leads nobody around the credentials when it is named ${as}`, async () => {
      const send = (connecting: Connecting) => gateway.verbatim(connecting, text(lines))
      await gateway.expectRefused(send)
      if (rightful === 'passes') {
        const { path } = await gateway.expectPassed(send)
        expect(path).to.equal('/v1/data')
        return
      }
      let answer = ''
      const received = await gateway.reaching(async () => {
        answer = await send(gateway.rightful)
      })
      expect([statusOf(answer), received]).to.deep.equal([rightful, []])
      await gateway.expectPassed((connecting) =>
        gateway.verbatim(connecting, text(['GET /v1/data HTTP/1.1', `Host: ${mtls}`])),
      )
    })

  describe('in the handshake', () => {
    const plain = text(['GET /v1/data HTTP/1.1', `Host: ${mtls}`])
    for (const sni of ['', 'API2.example.com', 'elsewhere.example', `${tls}.`, `x.${mtls}`, 'example.com'])
      it(`leads nobody around the certificate as ${sni === '' ? 'none at all' : sni}`, async () => {
        expect(await gateway.reaching(() => gateway.verbatim({ sni }, plain))).to.deep.equal([])
        await gateway.expectPassed((connecting) => gateway.verbatim(connecting, plain))
      })

    it('in capitals chooses the same rules, with and without a certificate', async () => {
      const sni = 'API.EXAMPLE.COM'
      expect(await gateway.reaching(() => gateway.verbatim({ sni }, plain))).to.deep.equal([])
      await gateway.expectPassed((connecting) => gateway.verbatim({ ...connecting, sni }, plain))
    })
  })

  describe('of a connection that is used again for the other one', () => {
    const over = async (connecting: Connecting) =>
      openConnection(gateway.live.envoy.port, gateway.live.authorityPem, {
        ...{ protocol: 'h2', path: '/', sni: connecting.sni },
        ...(connecting.certificate && { certificate: connecting.certificate }),
      })

    it('leads from the 1-way hostname to no API of the 2-way one', async () => {
      const connection = await over({ sni: tls })
      const asking = (host: string, path: string) => connection.ask({ protocol: 'h2', sni: tls, host, path })
      expect((await asking(tls, '/v1/callback')).status).to.equal(200)
      for (const [host, path] of [
        [mtls, '/v1/data'],
        [tls, '/v1/data'],
        [mtls, '/v1/callback'],
        [`${mtls}:443`, '/v1/data'],
        ['API.example.com.', '/v1/data'],
      ] as const) {
        const received = await gateway.reaching(async () => expect((await asking(host, path)).status).to.equal(421))
        expect(received, `${host}${path}`).to.deep.equal([])
      }
      expect((await asking(tls, '/v1/callback')).status).to.equal(200)
      connection.close()

      const rightful = await over(gateway.rightful)
      await gateway.expectPassed(() => rightful.ask({ protocol: 'h2', sni: mtls, host: mtls, path: '/v1/data' }))
      rightful.close()
    })

    it('leads from the 2-way hostname, with a certificate, to no API of the 1-way one', async () => {
      const headers = [['authorization', gateway.basic]] as const
      const asking = { protocol: 'h2', host: tls, path: '/v1/merchant', headers } as const
      const connection = await over(gateway.rightful)
      expect(
        await gateway.reaching(async () =>
          expect((await connection.ask({ ...asking, sni: mtls })).status).to.equal(421),
        ),
      ).to.deep.equal([])
      connection.close()
      const right = await over({ sni: tls })
      await gateway.expectPassed(() => right.ask({ ...asking, sni: tls }))
      right.close()
    })

    it('takes no right of one request on to the next', async () => {
      const connection = await over({ sni: tls })
      const asking = (authorization?: string) =>
        connection.ask({
          ...{ protocol: 'h2', sni: tls, path: '/v1/merchant' },
          ...(authorization && { headers: [['authorization', authorization]] as const }),
        })
      await gateway.expectPassed(() => asking(gateway.basic))
      const received = await gateway.reaching(async () => {
        for (const authorization of [undefined, gateway.wrongBasic])
          expect((await asking(authorization)).status).to.equal(401)
      })
      expect(received.filter(isGuarded)).to.deep.equal([])
      connection.close()
    })
  })
})
