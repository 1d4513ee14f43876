import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { openConnection } from '../../support/gateway_client.ts'
import { findOpenssl } from '../../support/openssl_responder.ts'
import { der, pemOf } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { type Connecting, connectTo } from '../../support/verbatim.ts'
import { type GuardedGateway, isGuarded, mtls, tls } from './guarded_gateway.ts'
import { withGuardedGateway } from './with_guarded_gateway.ts'

const request = (path = '/v1/data', host = mtls, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n')
const versions = ['TLSv1.2', 'TLSv1.3'] as const

describe('TLS sessions', function () {
  this.timeout(60_000)
  let gateway: GuardedGateway
  withGuardedGateway((started) => {
    gateway = started
  })

  /** A session of a connection on which a request was allowed. */
  async function sessionOf(connecting: Connecting): Promise<Buffer> {
    const socket = await connectTo(gateway.live.envoy.port, gateway.live.authorityPem, connecting)
    const ticket = once(socket, 'session') as Promise<[Buffer]>
    // TLS 1.2 has had it before it is connected.
    const early = socket.getSession()
    await gateway.expectPassed(async () => {
      socket.write(request())
      await once(socket, 'data')
    })
    const [session] = connecting.tls === 'TLSv1.2' && early !== undefined ? [early] : await ticket
    socket.destroy()
    return session
  }

  async function isResumed(connecting: Connecting): Promise<boolean> {
    const socket = await connectTo(gateway.live.envoy.port, gateway.live.authorityPem, connecting)
    const resumed = socket.isSessionReused()
    socket.destroy()
    return resumed
  }

  for (const version of versions) {
    const ways = {
      'its certificate was revoked': [() => gateway.revoke(), () => gateway.revoke(false)],
      'its certificate was detached': [() => gateway.detach(), () => gateway.attach()],
    } as const
    for (const [what, [happens, isUndone]] of Object.entries(ways))
      it(`with ${version} are resumed, and open no API once ${what}`, async () => {
        const connecting = { ...gateway.rightful, tls: version }
        const resuming = { ...connecting, session: await sessionOf(connecting) }
        expect(await isResumed(resuming)).to.equal(true)
        await gateway.expectPassed(() => gateway.verbatim(resuming, [request()]))
        const { port } = gateway.live.envoy
        const open = await openConnection(port, gateway.live.authorityPem, {
          ...{ protocol: 'h2', sni: mtls, path: '/', certificate: gateway.acme },
        })
        const overOpen = () => open.ask({ protocol: 'h2', sni: mtls, path: '/v1/data' })
        await gateway.expectPassed(overOpen)

        await happens()
        const received = await gateway.reaching(async () => {
          await gateway.verbatim(resuming, [request()])
          await gateway.verbatim(connecting, [request()])
          expect((await overOpen()).status).to.equal(401)
        })
        expect(received).to.deep.equal([])

        await isUndone()
        await gateway.expectPassed(() => gateway.verbatim(resuming, [request()]))
        await gateway.expectPassed(overOpen)
        open.close()
      })

    it(`with ${version} are not taken from one hostname to the other`, async () => {
      const session = await sessionOf({ ...gateway.rightful, tls: version })
      const elsewhere = { sni: tls, tls: version, session }
      const without = { sni: mtls, tls: version, session }
      expect(await gateway.reaching(() => gateway.verbatim(elsewhere, [request()]))).to.deep.equal([])
      // Who has the session has had the certificate's key: it is as good as the certificate, and no better.
      const received = await gateway.reaching(() => gateway.verbatim(without, [request()]))
      for (const { headers } of received) expect(headers['x-devapp-id']).to.equal('acme')
    })
  }

  describe('and early data', () => {
    const folder = temporaryFolder('early')
    const at = (name: string) => join(folder.path, name)
    let openssl: string
    before(async () => {
      openssl = await findOpenssl(() => {})
      writeFileSync(at('ca.pem'), gateway.live.authorityPem)
      writeFileSync(at('client.pem'), gateway.acme.pem + gateway.acme.privateKeyPem, { mode: 0o600 })
    })
    after(() => folder.remove())

    /** What `openssl s_client` prints, once the answer to what it sends is there. */
    async function client(sni: string, text: string, ...more: string[]): Promise<string> {
      const child = spawn(openssl, [
        ...['s_client', '-connect', `127.0.0.1:${gateway.live.envoy.port}`, '-servername', sni, '-tls1_3', '-ign_eof'],
        ...['-CAfile', at('ca.pem'), '-cert', at('client.pem'), '-key', at('client.pem'), ...more],
      ])
      let printed = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (printed += String(part)))
      child.stdin.end(text)
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await once(child, 'close')
      clearTimeout(patience)
      return printed
    }

    it('offer none, and what is sent all the same reaches no upstream', async () => {
      const cases = [
        { sni: mtls, headers: [] },
        { sni: tls, headers: [`Authorization: ${gateway.basic}`] },
      ]
      for (const { sni, headers } of cases) {
        const path = sni === mtls ? '/v1/data' : '/v1/merchant'
        const text = (name: string) => request(`${path}/${name}`, sni, 'Connection: close', ...headers)
        const session = at(`${sni}.pem`)
        const first = await gateway.reaching(() => client(sni, text('first'), '-sess_out', session))
        expect(first.map(({ path }) => path)).to.deep.equal([`${path}/first`])
        const sessionPem = readFileSync(session, 'utf8')
        expect(offersEarlyData(sessionPem)).to.equal(false)

        writeFileSync(session, withEarlyData(sessionPem))
        writeFileSync(at('early'), text('early'))
        let printed = ''
        const received = await gateway.reaching(async () => {
          printed = await client(sni, text('late'), '-sess_in', session, '-early_data', at('early'))
        })
        expect(printed).to.contain('Early data was rejected')
        expect(printed).to.match(/Reused, TLSv1\.3/)
        expect(received.filter(isGuarded).map(({ path }) => path)).to.deep.equal([`${path}/late`])
      }
    })
  })
})

/** The elements of OpenSSL's SSL_SESSION (ssl/ssl_asn1.c). */
function elementsOf(pem: string): Buffer[] {
  const bytes = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const [, , contents = Buffer.alloc(0)] = elementAt(bytes)
  const elements: Buffer[] = []
  for (let rest = contents; rest.length > 0; ) {
    const [tag, size] = elementAt(rest)
    expect(tag).to.be.a('number')
    elements.push(rest.subarray(0, size))
    rest = rest.subarray(size)
  }
  return elements
}

function elementAt(bytes: Buffer): readonly [number, number, Buffer] {
  const first = bytes[1] ?? 0
  const lengthOctets = first < 0x80 ? 0 : first & 0x7f
  const length = lengthOctets === 0 ? first : bytes.readUIntBE(2, lengthOctets)
  const start = 2 + lengthOctets
  return [bytes[0] ?? 0, start + length, bytes.subarray(start, start + length)]
}

/** `max_early_data` is `[15] EXPLICIT INTEGER`, and left out where it is 0. */
const maxEarlyData = 0xa0 | 15
const offersEarlyData = (pem: string): boolean => elementsOf(pem).some((element) => element[0] === maxEarlyData)

/** The same session, as if the server had offered to take 16 KiB. */
function withEarlyData(pem: string): string {
  const elements = elementsOf(pem)
  const isBehind = (element: Buffer) => (element[0] ?? 0) >= 0xa0 && (element[0] ?? 0) > maxEarlyData
  const place = elements.findIndex(isBehind)
  const offer = der.explicit(15, der.integer('4000'))
  return pemOf(
    der.sequence(...elements.toSpliced(place < 0 ? elements.length : place, 0, offer)),
    'SSL SESSION PARAMETERS',
  )
}
