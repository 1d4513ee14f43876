import { expect } from 'chai'
import { type Registration, registryYaml } from '../../demo/third_parties.ts'
import { parseDevApps } from '../../src/registry/file/devapps_file.ts'
import { truststoreOf } from '../../src/registry/truststore.ts'
import { type LiveGateway, startLiveGateway } from '../support/live_gateway.ts'
import { Authority, type IssuedCertificate } from '../support/pki.ts'

describe('registering a third party, through the real Envoy', function () {
  this.timeout(30_000)
  const now = new Date()
  const [boltCa, acmeCa] = ['Bolt CA', 'Acme CA'].map((commonName) => Authority.root({ commonName, now })) as [
    Authority,
    Authority,
  ]
  const boltCertificate = boltCa.issue({ commonName: 'bolt.example' })
  const acmeCertificate = acmeCa.issue({ commonName: 'acme.example' })
  const bolt: Registration = { id: 'bolt', certificates: [boltCertificate], products: ['data'] }
  const acme: Registration = {
    ...{ id: 'acme', certificates: [acmeCertificate], products: ['data'] },
    chainPem: acmeCa.chainPem,
  }
  /** Another DevApp with a certificate of Acme's CA. */
  const neighbour: Registration = { ...acme, id: 'neighbour', certificates: [acmeCa.issue()] }
  let gateway: LiveGateway

  before(async () => {
    written = registryYaml([bolt], boltCa.chainPem)
    gateway = await startLiveGateway({
      registrations: [bolt],
      chainPem: boltCa.chainPem,
      ocsp: '{ on_no_source: allow }',
    })
  })
  after(() => gateway?.stop())
  beforeEach(() => registered(bolt))

  const linesOf = (msg: string) => gateway.service.log().filter((line) => line['msg'] === msg)

  let written: string

  /** Resolves once the service goes by this registry. */
  async function loaded(...registrations: readonly Registration[]): Promise<void> {
    const yaml = registryYaml(registrations, boltCa.chainPem)
    if (yaml === written) return
    written = yaml
    const before = linesOf('registry loaded').length
    gateway.replaceRegistry(registrations)
    await gateway.service.logged(() => linesOf('registry loaded').length > before)
  }

  /** Resolves once Envoy has the trust store of the registry. */
  async function trusted(): Promise<void> {
    const { version } = truststoreOf(parseDevApps(written, 'devapps.yaml'))
    await gateway.service.logged(() => linesOf('Envoy has the trust store').at(-1)?.['version'] === version)
  }

  async function registered(...registrations: readonly Registration[]): Promise<void> {
    await loaded(...registrations)
    await trusted()
  }

  /** Everything that is answered while `action` goes on: over one open connection, and over new ones, as fast as it goes. */
  async function answersWhile(
    certificate: () => IssuedCertificate,
    action: () => Promise<void>,
  ): Promise<readonly (number | undefined)[]> {
    const connection = await gateway.open({ certificate: certificate() })
    const answers = new Set<number>()
    let going = true
    const traffic = [
      () => connection.ask({}),
      () => gateway.ask({ certificate: certificate() }),
      () => gateway.ask({ certificate: certificate(), protocol: 'h2' }),
    ].map(async (ask) => {
      while (going) answers.add((await ask()).status)
    })
    await Promise.all([action().finally(() => (going = false)), ...traffic])
    expect(connection.closed).to.equal(false)
    connection.close()
    return [...answers]
  }

  it('lets a newly registered one in at its next handshake, within a second, and disturbs nobody else', async () => {
    const answers = await answersWhile(
      () => boltCertificate,
      async () => {
        expect(await gateway.handshake({ certificate: acmeCertificate })).to.equal('refused')
        const started = performance.now()
        await registered(bolt, acme)
        expect(await gateway.ask({ certificate: acmeCertificate })).to.include({ status: 200 })
        expect(performance.now() - started).to.be.lessThan(1_000)
      },
    )
    expect(answers).to.deep.equal([200])
  })

  it('refuses the next request of a detached certificate, although its connection is open, and its next handshake', async () => {
    await registered(bolt, acme)
    const connection = await gateway.open({ certificate: acmeCertificate })
    expect(await connection.ask({})).to.include({ status: 200 })
    await loaded(bolt, { ...acme, certificates: [] })
    expect(await connection.ask({})).to.include({ status: 401, code: 'cert_not_registered' })
    await trusted()
    expect(await gateway.handshake({ certificate: acmeCertificate })).to.equal('refused')
    connection.close()
  })

  it('tells a detached certificate why, also on new connections, while another DevApp needs its CA', async () => {
    await registered(bolt, acme, neighbour)
    await loaded(bolt, { ...acme, certificates: [] }, neighbour)
    expect(await gateway.ask({ certificate: acmeCertificate })).to.include({ status: 401, code: 'cert_not_registered' })
  })

  it('refuses a disabled DevApp at once on the connections that it has, and its next handshake', async () => {
    await registered(bolt, acme)
    const connection = await gateway.open({ certificate: acmeCertificate })
    expect(await connection.ask({})).to.include({ status: 200 })
    await loaded(bolt, { ...acme, status: 'disabled' })
    expect(await connection.ask({})).to.include({ status: 403, code: 'devapp_disabled' })
    await trusted()
    expect(await gateway.handshake({ certificate: acmeCertificate })).to.equal('refused')
    await registered(bolt, acme)
    expect(await connection.ask({})).to.include({ status: 200 })
    expect(await gateway.ask({ certificate: acmeCertificate })).to.include({ status: 200 })
    connection.close()
  })

  it('tells a disabled DevApp so, also on new connections, while an enabled one needs its CA', async () => {
    await registered(bolt, acme, neighbour)
    await loaded(bolt, { ...acme, status: 'disabled' }, neighbour)
    expect(await gateway.ask({ certificate: acmeCertificate })).to.include({ status: 403, code: 'devapp_disabled' })
  })

  it('fails not one request while a certificate is renewed, from another CA at that, with an overlap', async () => {
    const renewed = acmeCa.issue({ commonName: 'bolt.example' })
    const ofNewCa: Registration = { ...bolt, id: 'renewal', certificates: [renewed], chainPem: acmeCa.chainPem }
    let presented = boltCertificate
    const answers = await answersWhile(
      () => presented,
      async () => {
        await registered(bolt, ofNewCa)
        presented = renewed
        expect(await gateway.ask({ certificate: presented })).to.include({ status: 200 })
      },
    )
    expect(answers).to.deep.equal([200])
    expect(
      await answersWhile(
        () => presented,
        () => registered(ofNewCa),
      ),
    ).to.deep.equal([200])
    expect(await gateway.handshake({ certificate: boltCertificate })).to.equal('refused')
  })

  it('loses nothing where the service is killed between two changes', async () => {
    await registered(bolt, acme)
    await gateway.service.stop('SIGKILL')
    // In the handshake Envoy goes by what it had; a request needs the service.
    expect(await gateway.ask({ certificate: acmeCertificate })).to.include({ status: 503, code: 'gateway_unavailable' })
    gateway.replaceRegistry([acme])
    written = registryYaml([acme], boltCa.chainPem)
    expect(await gateway.ask({ certificate: boltCertificate })).to.include({ status: 503, code: 'gateway_unavailable' })
    await gateway.startService()
    expect(await gateway.ask({ certificate: acmeCertificate })).to.include({ status: 200 })
    await trusted()
    expect(await gateway.ask({ certificate: acmeCertificate })).to.include({ status: 200 })
    expect(await gateway.handshake({ certificate: boltCertificate })).to.equal('refused')
  })
  it('trusts whom it trusted while a service that starts anew finds no good registry', async () => {
    await registered(bolt)
    await gateway.service.stop()
    gateway.replaceRegistry([{ ...bolt, id: '-' }])
    written = ''
    await gateway.startService()
    expect(await gateway.ask({ certificate: boltCertificate })).to.include({
      status: 503,
      code: 'registry_unavailable',
    })
    expect(await gateway.handshake({ certificate: acmeCertificate })).to.equal('refused')
    await loaded(bolt)
    expect(await gateway.ask({ certificate: boltCertificate })).to.include({ status: 200 })
  })
})
