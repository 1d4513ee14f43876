import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { createServerCertificates } from '../../demo/server_certificates.ts'
import { findEnvoy } from '../support/envoy.ts'
import { writeExample } from '../support/example_service.ts'
import { freePort } from '../support/free_port.ts'
import { type Asked, ask } from '../support/gateway_client.ts'
import { GuardedProcess } from '../support/guarded_process.ts'
import { container, fileIn, type Manifest, manifestsIn, podIn, render } from '../support/helm_chart.ts'
import { findHelm } from '../support/packaging_tools.ts'
import { run } from '../support/program.ts'
import { type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { type RunningUpstream, startUpstream } from '../support/upstream.ts'

const drainSeconds = 3

/** No Kubernetes runs here: its containers' own programs do, on the files and with the commands of the manifests. */
describe('the pod of the Helm chart', function () {
  this.timeout(60_000)
  const folder = temporaryFolder('pod')
  const servers = createServerCertificates(new Date())
  const callback = (): Asked => ({
    protocol: 'http/1.1',
    sni: 'api2.example.com',
    path: '/v1/callback',
    headers: [['connection', 'keep-alive']],
  })
  let binary: string
  let ports: Record<'gateway' | 'admin' | 'probes' | 'metrics', number>
  let upstream: RunningUpstream
  let manifests: Manifest[]
  let service: RunningService
  let envoy: GuardedProcess

  /** Paths and ports of a container, as they are on this machine. */
  const here = (text: string): string =>
    text
      .replaceAll('/etc/envoy', join(folder.path, 'envoy'))
      .replaceAll('/run/devapp-authz', folder.path)
      .replaceAll('0.0.0.0', '127.0.0.1')
      .replaceAll('9464', String(ports.metrics))
      .replace(/(port_value: |127\.0\.0\.1\/)9901\b/g, `$1${ports.admin}`)
      .replace('port_value: 9902', `port_value: ${ports.probes}`)
      .replace('port_value: 8443', `port_value: ${ports.gateway}`)
  const write = (path: string, content: string): void => {
    mkdirSync(join(folder.path, path, '..'), { recursive: true })
    writeFileSync(join(folder.path, path), content)
  }

  /** What the volumes hold, below the folder that stands for /etc/envoy. Returns the path of the bootstrap. */
  const layOutEnvoy = (rendered: readonly Manifest[], hosts: Readonly<Record<'mtls' | 'tls', string>>): string => {
    for (const file of ['envoy.yaml', `sds/${hosts.mtls}.yaml`, `sds/${hosts.tls}.yaml`])
      write(`envoy/${file}`, here(fileIn(rendered, basename(file))))
    for (const [name, certificate] of [
      [hosts.mtls, servers.mtls],
      [hosts.tls, servers.tls],
      ['upstream', servers.tls],
    ] as const) {
      write(`envoy/tls/${name}/tls.crt`, certificate.pem)
      write(`envoy/tls/${name}/tls.key`, certificate.privateKeyPem)
      write(`envoy/tls/${name}/ca.crt`, servers.authorityPem)
    }
    return join(folder.path, 'envoy', 'envoy.yaml')
  }

  before('start what the pod starts', async function () {
    this.timeout(900_000)
    findHelm(console.error)
    binary = await findEnvoy(console.error)
    upstream = await startUpstream()
    ports = {
      gateway: await freePort(),
      admin: await freePort(),
      probes: await freePort(),
      metrics: await freePort(),
    }
    const settings = [`envoy.drainSeconds=${drainSeconds}`, 'upstream.host=127.0.0.1', `upstream.port=${upstream.port}`]
    manifests = manifestsIn(render('minimal', settings))
    writeExample(folder.path)
    write('authz.yaml', here(fileIn(manifests, 'authz.yaml')))
    const bootstrap = layOutEnvoy(manifests, { mtls: 'api.example.com', tls: 'api2.example.com' })
    service = await startService({ config: join(folder.path, 'authz.yaml') })
    const { args } = container(podIn(manifests), 'envoy')
    expect(args.map(here)).to.include(bootstrap)
    envoy = await GuardedProcess.start({ command: binary, args: args.map(here) })
    await envoy.printed('it started', () => envoy.stderr.find((line) => line.includes('starting main dispatch loop')))
    while ((await probe('/ready').catch(() => undefined))?.status !== 200) await pause(20)
  })
  after(async () => {
    await envoy?.stop()
    await service?.stop()
    await upstream?.stop()
    folder.remove()
  })

  const probe = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${ports.probes}${path}`, { method })

  it("has a bootstrap that passes Envoy's own validation, with mTLS to the upstream too", () => {
    const hosts = { mtls: 'mtls.bank.example', tls: 'www.bank.example' }
    const { output } = run(binary, ['--mode', 'validate', '-c', layOutEnvoy(manifestsIn(render('file')), hosts)])
    expect(output).not.to.match(/\[(warning|error|critical)\].*/)
    expect(output).to.include("' OK")
  })

  it('answers the probes of the kubelet, and Prometheus', async () => {
    expect((await probe('/ready')).status).to.equal(200)
    expect(await (await probe('/stats/prometheus')).text()).to.include('envoy_cluster_upstream_rq')
    expect((await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).status).to.equal(200)
  })

  it("shows nothing else of Envoy's admin port", async () => {
    expect((await probe('/certs')).status).to.equal(404)
    expect((await probe('/stats')).status).to.equal(404)
    expect((await probe('/ready', 'POST')).status).to.equal(404)
    expect((await probe('/drain_listeners?graceful', 'POST')).status).to.equal(404)
  })

  it('serves the routes that the values name, and no other', async () => {
    const answered = await ask(ports.gateway, servers.authorityPem, callback())
    expect(answered.status).to.equal(200)
    const unknown = await ask(ports.gateway, servers.authorityPem, { ...callback(), path: '/v1/merchant' })
    expect(unknown.status).to.equal(404)
  })

  it('drains before it ends: every request is answered, and its connection closed', async () => {
    const before = await ask(ports.gateway, servers.authorityPem, callback())
    expect(before.headers['connection']).not.to.equal('close')

    const [shell = '', ...words] = container(podIn(manifests), 'envoy').lifecycle?.preStop.exec.command ?? []
    const preStop = spawn(shell, words.map(here), { stdio: ['ignore', 'pipe', 'inherit'] })
    let ended = false
    const end = once(preStop, 'exit').then(([code]) => {
      ended = true
      return code as number
    })
    const [said] = (await once(preStop.stdout, 'data')) as [Buffer]
    expect(said.toString()).to.match(/^HTTP\/1\.1 200/)
    let answers = 0
    while (!ended) {
      const answered = await ask(ports.gateway, servers.authorityPem, callback())
      expect(answered.status).to.equal(200)
      expect(answered.headers['connection']).to.equal('close')
      answers += 1
      await pause(50)
    }
    expect(answers).to.be.greaterThan(5)
    expect(await end).to.equal(0)
    expect(await envoy.stop()).to.equal(0)
    expect(await service.stop()).to.equal(0)
  })
})
