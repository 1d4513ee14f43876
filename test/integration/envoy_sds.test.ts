import { expect } from 'chai'
import { truststorePem } from '../../src/registry/truststore.ts'
import { startAuthzStandIn } from '../support/authz_stand_in.ts'
import { cluster, truststoreSecret } from '../support/envoy_bootstrap.ts'
import type { Asked, ClientCertificate } from '../support/gateway_client.ts'
import { type Gate, type GatewayUnderTest, startGateway } from '../support/gateway_under_test.ts'
import { Authority, pemOf, selfSigned } from '../support/pki.ts'

const asking = (sni: string, path: string, certificate?: ClientCertificate): Asked => ({
  protocol: 'http/1.1',
  sni,
  path,
  ...(certificate && { certificate }),
})
const mtls = (certificate?: ClientCertificate) => asking('api.example.com', '/v1/data', certificate)
const tls = asking('api2.example.com', '/v1/callback')

describe('Envoy with the trust store from the service', () => {
  const now = new Date()
  const others = Authority.root({ commonName: 'Another CA', now })
  const stranger = others.issue()
  let gateway: GatewayUnderTest
  let client: ClientCertificate

  before('start Envoy', async () => {
    gateway = await startGateway()
    client = gateway.clients.issue()
  })
  after(() => gateway?.stop())

  /** Another trust store, once Envoy has said what it makes of it. */
  async function serve(...pems: string[]): Promise<'accepted' | 'rejected'> {
    const { truststore } = gateway.authz
    const before = truststore.sds.statistics.version
    const from = truststore.words.length
    const version = truststore.serve(pems.join(''))
    if (version === before && from > 0) return 'accepted'
    return 'accepted' in (await truststore.word(version, from)) ? 'accepted' : 'rejected'
  }

  describe('and a registry that changes', () => {
    beforeEach(() => serve(gateway.clients.chainPem))

    it('takes a CA in for the next handshake within a second, over the connection that it has', async () => {
      expect(await gateway.handshake(mtls(stranger))).to.equal('refused')
      const started = performance.now()
      expect(await serve(gateway.clients.chainPem, others.chainPem)).to.equal('accepted')
      for (const certificate of [stranger, client])
        expect(await gateway.handshake(mtls(certificate))).to.equal('accepted')
      expect(performance.now() - started).to.be.lessThan(1_000)
      expect(gateway.authz.truststore.sds.statistics.streams).to.equal(1)
    })

    it('disturbs nobody with a change: no request fails, and no connection closes', async () => {
      const connection = await gateway.open(mtls(client))
      const statuses = new Set<number>()
      let changing = true
      const traffic = [
        () => connection.ask(mtls(client)),
        () => gateway.ask(mtls(client)),
        () => gateway.ask({ ...mtls(client), protocol: 'h2' }),
        () => gateway.ask(tls),
      ].map(async (ask) => {
        while (changing) statuses.add((await ask()).status)
      })
      for (let i = 0; i < 20; i += 1) {
        await serve(gateway.clients.chainPem, others.chainPem)
        await serve(gateway.clients.chainPem)
      }
      changing = false
      await Promise.all(traffic)
      expect([...statuses]).to.deep.equal([200])
      expect(connection.closed).to.equal(false)
      connection.close()
    })

    it('lets a CA go for the next handshake, resumed sessions included, and leaves open connections to the service', async () => {
      const session = await gateway.session(mtls(client))
      const connection = await gateway.open(mtls(client))
      expect(await gateway.handshake({ ...mtls(client), session })).to.equal('accepted')
      await serve(others.chainPem)
      expect(await gateway.handshake(mtls(client))).to.equal('refused')
      expect(await gateway.handshake({ ...mtls(client), session })).to.equal('refused')
      gateway.authz.asked.length = 0
      expect((await connection.ask(mtls(client))).status).to.equal(200)
      expect(gateway.authz.asked).to.have.lengthOf(1)
      connection.close()
    })

    it('keeps the last good one when it cannot read the next, and is not sent that again', async () => {
      const before = gateway.authz.truststore.sds.statistics
      for (const broken of [
        'not PEM',
        gateway.clients.chainPem.slice(0, 200),
        `${others.chainPem}-----BEGIN CERTIFICATE-----`,
      ])
        expect(await serve(broken), broken).to.equal('rejected')
      expect(gateway.authz.truststore.words.at(-1)).to.have.property('reason').that.contains('trusted CA')
      expect(await gateway.handshake(mtls(client))).to.equal('accepted')
      expect(await gateway.handshake(mtls(stranger))).to.equal('refused')
      const { sent, nacked } = gateway.authz.truststore.sds.statistics
      expect([sent - before.sent, nacked - before.nacked]).to.deep.equal([3, 3])
      expect(await gateway.envoy.stat('sds.truststore.update_rejected')).to.equal(3)
    })

    it('refuses everybody while no CA is registered, and serves the 1-way hostname', async () => {
      await serve(truststorePem([]))
      for (const certificate of [client, stranger, selfSigned({ now }), undefined])
        expect(await gateway.handshake(mtls(certificate))).to.equal('refused')
      expect((await gateway.ask(tls)).status).to.equal(200)
    })

    it('holds 5,000 CAs', async function () {
      this.timeout(60_000)
      const last = Authority.root({ commonName: 'The last CA', now })
      expect(await serve(...distinctAnchors(4_999), last.chainPem)).to.equal('accepted')
      expect(await gateway.handshake(mtls(last.issue()))).to.equal('accepted')
      expect(await gateway.handshake(mtls(client))).to.equal('refused')
    })

    it('keeps what it has while the service is down, and catches up with what changed meanwhile', async () => {
      await gateway.authz.stop()
      expect((await gateway.ask(mtls(client))).status).to.equal(503)
      expect(await gateway.handshake(mtls(stranger))).to.equal('refused')
      gateway.authz = await startAuthzStandIn(gateway.authzSocket, others.chainPem)
      const { truststore } = gateway.authz
      await truststore.word(truststore.sds.statistics.version ?? '')
      expect(await gateway.handshake(mtls(stranger))).to.equal('accepted')
      expect(await gateway.handshake(mtls(client))).to.equal('refused')
      await serve(gateway.clients.chainPem)
      expect(await gateway.handshake(mtls(client))).to.equal('accepted')
    })

    it('keeps what it has while a service that starts anew has read no registry yet', async () => {
      await gateway.authz.stop()
      gateway.authz = await startAuthzStandIn(gateway.authzSocket)
      await asked(1)
      expect((await gateway.ask(mtls(client))).status).to.equal(200)
      expect(await gateway.handshake(mtls(stranger))).to.equal('refused')
    })
  })

  describe('and one more Envoy, which starts before any registry was read', () => {
    let another: Gate
    let startedAfterMs: number

    before('start it', async () => {
      await gateway.authz.stop()
      gateway.authz = await startAuthzStandIn(gateway.authzSocket)
      const started = performance.now()
      another = await gateway.another({
        change: (bootstrap) => {
          truststoreSecret(bootstrap).sds_config['initial_fetch_timeout'] = '1s'
        },
      })
      startedAfterMs = performance.now() - started
    })

    it('opens after the initial fetch timeout: it refuses everybody on the 2-way hostname, and serves the 1-way one', async () => {
      expect(startedAfterMs).to.be.greaterThan(1_000)
      for (const certificate of [client, stranger, selfSigned({ now }), undefined])
        expect(await another.handshake(mtls(certificate))).to.equal('refused')
      expect((await another.ask(tls)).status).to.equal(200)
    })

    it('gets each change, like the first', async () => {
      await asked(2)
      for (const [authority, accepted, refused] of [
        [gateway.clients, client, stranger],
        [others, stranger, client],
      ] as const) {
        const { truststore } = gateway.authz
        const said = truststore.words.length
        const version = truststore.serve(authority.chainPem)
        await truststore.word(version, said)
        await truststore.word(version, said + 1)
        for (const { handshake } of [gateway, another]) {
          expect(await handshake(mtls(accepted))).to.equal('accepted')
          expect(await handshake(mtls(refused))).to.equal('refused')
        }
      }
    })
  })

  it('has it from another process of the service, where the one that it asked is gone', async () => {
    const sockets = ['one', 'two'].map((name) => `${gateway.authzSocket}.${name}`)
    const processes = await Promise.all(sockets.map((socket) => startAuthzStandIn(socket, gateway.clients.chainPem)))
    const endpoint = (path: string) => ({ endpoint: { address: { pipe: { path } } } })
    const envoy = await gateway.another({
      change: (bootstrap) => {
        cluster(bootstrap, 'devapp-authz').load_assignment.endpoints[0].lb_endpoints = sockets.map(endpoint)
      },
    })
    expect(await envoy.handshake(mtls(client))).to.equal('accepted')
    const streams = processes.map(({ truststore }) => truststore.sds.statistics.streams)
    expect([...streams].sort()).to.deep.equal([0, 1])
    await processes[streams.indexOf(1)]?.stop()
    const { truststore } = processes[streams.indexOf(0)]!
    await truststore.word(truststore.serve(others.chainPem))
    expect(await envoy.handshake(mtls(stranger))).to.equal('accepted')
    expect(await envoy.handshake(mtls(client))).to.equal('refused')
    await Promise.all(processes.map(({ stop }) => stop()))
  })

  /** Resolves once so many Envoys have asked for their trust store. */
  async function asked(envoys: number): Promise<void> {
    while (gateway.authz.truststore.sds.statistics.streams < envoys)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }
})

/** CAs that differ in their names: copies of one, whose signature holds no longer, which nobody verifies on an anchor. */
function distinctAnchors(count: number): string[] {
  const bytes = Authority.root({ commonName: 'CA 0000' }).certificate.der.toString('latin1')
  const named = (i: number) => bytes.replaceAll('CA 0000', `CA ${String(i).padStart(4, '0')}`)
  return Array.from({ length: count }, (_, i) => pemOf(Buffer.from(named(i), 'latin1')))
}
