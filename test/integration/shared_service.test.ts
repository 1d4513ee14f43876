import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { parse } from 'yaml'
import { createServerCertificates } from '../../demo/server_certificates.ts'
import { blocksOf } from '../support/documented.ts'
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../support/envoy.ts'
import { cluster } from '../support/envoy_bootstrap.ts'
import { writeExample } from '../support/example_service.ts'
import { freePort } from '../support/free_port.ts'
import { type Asked, ask } from '../support/gateway_client.ts'
import { GuardedProcess } from '../support/guarded_process.ts'
import { Authority, type IssuedCertificate } from '../support/pki.ts'
import { run } from '../support/program.ts'
import { type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { type RunningUpstream, startUpstream } from '../support/upstream.ts'

const hop = fileURLToPath(new URL('../../deploy/envoy/shared_service.yaml', import.meta.url))
const clientAuth = '1.3.6.1.5.5.7.3.2'
const serverAuth = '1.3.6.1.5.5.7.3.1'

describe('deploy/envoy/shared_service.yaml', function () {
  this.timeout(60_000)
  const folder = temporaryFolder('shared')
  const now = new Date()
  const authority = Authority.root({ commonName: 'Gateways', now })
  const issue = (name: string, purpose: string) =>
    authority.issue({ commonName: name, subjectAltNames: [name], extendedKeyUsage: [purpose] })
  const servers = createServerCertificates(now)
  const callback: Asked = { protocol: 'h2', sni: 'api2.example.com', path: '/v1/callback' }
  let port: number
  let bootstrap: string
  let service: RunningService
  let shared: GuardedProcess
  let upstream: RunningUpstream
  let gateway: RunningEnvoy | undefined

  const layOut = (name: string, certificate: IssuedCertificate): string => {
    const path = join(folder.path, name)
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'tls.crt'), certificate.pem)
    writeFileSync(join(path, 'tls.key'), certificate.privateKeyPem)
    for (const file of ['ca.crt', 'gateways-ca.crt']) writeFileSync(join(path, file), authority.certificate.pem)
    return path
  }

  before('start the service and the Envoy in front of it', async () => {
    writeExample(folder.path)
    service = await startService({ config: join(folder.path, 'authz.yaml') })
    upstream = await startUpstream()
    port = await freePort()
    bootstrap = join(folder.path, 'hop.yaml')
    const text = readFileSync(hop, 'utf8')
      .replaceAll('/etc/envoy/tls/authz', layOut('hop', issue('authz.internal', serverAuth)))
      .replaceAll('/run/devapp-authz', folder.path)
      .replace('0.0.0.0, port_value: 9443', `127.0.0.1, port_value: ${port}`)
      .replace('port_value: 9901', 'port_value: 0')
    writeFileSync(bootstrap, text)
    shared = await GuardedProcess.start({
      command: await findEnvoy(console.error),
      args: ['--config-path', bootstrap, '--concurrency', '1', '--disable-hot-restart'],
    })
    await shared.printed('it started', () => shared.stderr.find((line) => line.includes('starting main dispatch loop')))
  })
  after(async () => {
    await gateway?.stop()
    await shared?.stop()
    await service?.stop()
    await upstream?.stop()
    folder.remove()
  })

  it("passes Envoy's own validation", async () => {
    const { output } = run(await findEnvoy(console.error), ['--mode', 'validate', '-c', bootstrap])
    expect(output).not.to.match(/\[(warning|error|critical)\].*/)
    expect(output).to.include("' OK")
  })

  it('takes checks and the trust store to a gateway that is configured as the documentation shows', async () => {
    const documented =
      blocksOf('docs/deployment.md').find(({ text }) => text.startsWith('transport_socket:'))?.text ?? ''
    const gatewayTls = layOut('gateway', issue('gateway.internal', clientAuth))
    const { transport_socket } = parse(documented.replaceAll('/etc/envoy/tls/authz', gatewayTls)) as object & {
      transport_socket: unknown
    }
    gateway = await startEnvoy({
      binary: await findEnvoy(console.error),
      authzSocket: join(folder.path, 'nobody.sock'),
      upstreamPort: upstream.port,
      serverCertificates: servers,
      change: (envoy) => {
        const authz = cluster(envoy, 'devapp-authz')
        const address = { socket_address: { address: '127.0.0.1', port_value: port } }
        authz.load_assignment.endpoints[0].lb_endpoints[0]!.endpoint.address = address
        Object.assign(authz, { transport_socket })
      },
    })
    const answered = await ask(gateway.port, servers.authorityPem, callback)
    expect(answered.status).to.equal(200)
    expect(await gateway.stat('sds.truststore.update_success')).to.be.greaterThan(0)
  })

  /** Whether a connection with this certificate is still open once TLS has had the time to refuse it. */
  const isLetIn = async (certificate: IssuedCertificate | undefined): Promise<boolean> => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'authz.internal',
      ca: authority.certificate.pem,
      ALPNProtocols: ['h2'],
      ...(certificate && { cert: certificate.pem, key: certificate.privateKeyPem }),
    })
    let refused = false
    socket.on('error', () => {
      refused = true
    })
    // The HTTP/2 of the service opens with its settings; a refusal with an alert.
    const word = new Promise<void>((resolve) => {
      socket.once('data', () => resolve())
      socket.once('close', () => resolve())
    })
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    await Promise.race([word, pause(10_000)])
    const open = !refused && !socket.closed
    socket.destroy()
    return open
  }

  it('lets in nobody but gateways', async () => {
    expect(await isLetIn(issue('gateway.internal', clientAuth))).to.equal(true)
    expect(await isLetIn(undefined)).to.equal(false)
    expect(await isLetIn(issue('somebody.internal', clientAuth))).to.equal(false)
    const stranger = Authority.root({ commonName: 'Gateways', now })
    expect(
      await isLetIn(
        stranger.issue({ commonName: 'x', subjectAltNames: ['gateway.internal'], extendedKeyUsage: [clientAuth] }),
      ),
    ).to.equal(false)
  })
})
