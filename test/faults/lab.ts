import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createServerCertificates } from '../../demo/server_certificates.ts'
import { registryYaml } from '../../demo/third_parties.ts'
import { AdminClient } from '../../src/admin/admin_client.ts'
import { askPurge } from '../../src/admin/ocsp_client.ts'
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../support/envoy.ts'
import { type Bootstrap, cluster, truststoreSecret } from '../support/envoy_bootstrap.ts'
import { freePort } from '../support/free_port.ts'
import { findPostgres, type RunningPostgres, startPostgres } from '../support/postgres.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { secretWatch } from '../support/secret_watch.ts'
import { type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { Load } from './callers.ts'
import { Middleman } from './middleman.ts'
import { Parties } from './parties.ts'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const names = ['one', 'two'] as const
export type ProcessName = (typeof names)[number]

export interface LabOptions {
  readonly registry: 'file' | 'postgres'
  /** Of the service's processes. */
  readonly environment?: Readonly<Record<string, string>>
  /** Calls of each caller in a second. */
  readonly rate: number
  /** The part of the allowed requests that is logged; default: one in a thousand. */
  readonly sampleAllows?: number
}

/** Everything real, two processes of the service, and callers who never stop. */
export class Lab {
  readonly folder = temporaryFolder('faults')
  readonly parties!: Parties
  readonly options: LabOptions
  readonly servers = createServerCertificates(new Date())
  /** How many requests of each kind of caller arrived. */
  readonly arrived = new Map<string, number>()
  load!: Load
  envoy!: RunningEnvoy
  redis!: RunningRedis
  postgres: RunningPostgres | undefined
  /** Between the service and Redis. */
  redisWay!: Middleman
  /** Between Envoy and the service's trust store. */
  sdsWay!: Middleman
  readonly services = {} as Record<ProcessName, RunningService>
  readonly #upstream: Server
  readonly #metricsPorts = {} as Record<ProcessName, number>
  #envoyPort = 0
  #isTmpfs = false

  private constructor(options: LabOptions) {
    this.options = options
    this.#upstream = createServer((incoming, outgoing) => {
      const kind = String(incoming.headers['x-kind'])
      this.arrived.set(kind, (this.arrived.get(kind) ?? 0) + 1)
      incoming.resume()
      outgoing.end('{}')
    })
    // Envoy keeps its connections: one that ends just as it is used would look like a fault.
    this.#upstream.keepAliveTimeout = 0
  }

  static async start(options: LabOptions): Promise<Lab> {
    const lab = new Lab(options)
    try {
      await lab.#start()
      return lab
    } catch (error) {
      await lab.stop()
      throw error
    }
  }

  at(name: string): string {
    return join(this.folder.path, name)
  }

  get registryFile(): string {
    return this.at('registry/devapps.yaml')
  }

  /** Whether the registry file is on a small file system of its own, which can be filled. */
  get hasSmallDisk(): boolean {
    return this.#isTmpfs
  }

  async #start(): Promise<void> {
    Object.assign(this, { parties: await Parties.create() })
    for (const folder of ['registry', 'roots', 'one', 'two']) mkdirSync(this.at(folder), { recursive: true })
    this.#isTmpfs = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', this.at('registry')]).status === 0
    if (this.#isTmpfs) process.once('exit', () => spawnSync('umount', ['-l', this.at('registry')]))
    writeFileSync(this.registryFile, registryYaml(this.parties.registrations(), this.parties.issuing.chainPem))
    for (const [name, pem] of Object.entries(this.parties.rootPems)) writeFileSync(this.at(`roots/${name}.pem`), pem)
    this.redis = await startRedis(await findRedis(() => {}))
    this.redisWay = await Middleman.start({ host: '127.0.0.1', port: this.redis.port })
    this.sdsWay = await Middleman.start(...names.map((name) => ({ path: this.at(`${name}.sock`) })))
    let postgresUrl = ''
    if (this.options.registry === 'postgres') {
      this.postgres = await startPostgres(await findPostgres(() => {}))
      postgresUrl = this.postgres.url(await this.postgres.createDatabase())
      secretWatch.addPasswordsIn(postgresUrl)
    }
    for (const name of names) {
      this.#metricsPorts[name] = await freePort()
      writeFileSync(this.at(`${name}/authz.yaml`), this.configuration(name, postgresUrl))
    }
    if (this.options.registry === 'postgres') await this.#fillPostgres()
    this.#upstream.listen(0, '127.0.0.1')
    await once(this.#upstream, 'listening')
    await Promise.all(names.map((name) => this.startService(name)))
    this.#envoyPort = await freePort()
    await this.startEnvoy()
    await this.#detach()
    this.load = new Load({
      ...{ port: this.#envoyPort, authorityPem: this.servers.authorityPem },
      ...{ callers: this.parties.callers, rate: this.options.rate },
    })
  }

  configuration(name: ProcessName, postgresUrl = ''): string {
    const registry =
      this.options.registry === 'file'
        ? `{ file: ${this.registryFile} }`
        : `{ postgres: { url: '${postgresUrl}', recheck: 500ms, connect_timeout: 1s, timeout: 2s } }`
    return `listen: unix:${this.at(`${name}.sock`)}
admin: unix:${this.at(`${name}.admin.sock`)}
metrics: { listen: '127.0.0.1:${this.#metricsPorts[name]}' }
log: { sample_allows: ${this.options.sampleAllows ?? 0.001} }
hostnames: { mtls: [api.example.com], tls: [api2.example.com] }
policies:
  data: { channel: mtls, require: [certificate] }
  accounts: { channel: mtls, require: [certificate], product: accounts }
  partner: { channel: mtls, require: [certificate, basic] }
  merchant: { channel: tls, require: [basic] }
registry: ${registry}
intake: { accepted_roots: ${this.at('roots')} }
ocsp:
  allow_private_addresses: true
  skew: 1s
  breaker: { open: 300ms, max_open: 1s }
  refresh: { retry: 200ms, max_retry: 1s }
  cache: { failure_max_age: 100ms, redis: { url: 'redis://127.0.0.1:${this.redisWay.port}', timeout: 30ms } }
`
  }

  async startService(name: ProcessName): Promise<void> {
    const { environment } = this.options
    this.services[name] = await startService({
      config: this.at(`${name}/authz.yaml`),
      ...(environment && { environment }),
    })
  }

  /** As `kill -9` ends it. */
  async killService(name: ProcessName): Promise<void> {
    await this.services[name].stop('SIGKILL')
  }

  async startEnvoy(): Promise<void> {
    this.envoy = await startEnvoy({
      binary: await findEnvoy(() => {}),
      authzSocket: this.at('one.sock'),
      upstreamPort: (this.#upstream.address() as AddressInfo).port,
      serverCertificates: this.servers,
      change: (bootstrap) => this.#adapt(bootstrap),
    })
  }

  /** Both processes, and a trust store that comes over a way of its own. */
  #adapt(bootstrap: Bootstrap): void {
    bootstrap.static_resources.listeners[0].address.socket_address.port_value = this.#envoyPort
    const service = cluster(bootstrap, 'devapp-authz')
    const forTruststore = structuredClone(service)
    forTruststore.name = 'truststore'
    const way = { socket_address: { address: '127.0.0.1', port_value: this.sdsWay.port } }
    forTruststore.load_assignment.endpoints[0].lb_endpoints = [{ endpoint: { address: way } }]
    bootstrap.static_resources.clusters.push(forTruststore)
    service.load_assignment.endpoints[0].lb_endpoints = names.map((name) => ({
      endpoint: { address: { pipe: { path: this.at(`${name}.sock`) } } },
    }))
    const secret = truststoreSecret(bootstrap).sds_config as {
      api_config_source: { grpc_services: [{ envoy_grpc: { cluster_name: string } }] }
    }
    secret.api_config_source.grpc_services[0].envoy_grpc.cluster_name = 'truststore'
  }

  /** `devapp-authz ...`: what it printed, and whether it acknowledged. */
  async command(
    words: readonly string[],
    input = '',
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const child = spawn(process.execPath, [main, ...words])
    child.stdin.end(input)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => {
        output += String(part)
      })
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, output }
  }

  /** A change of the registry. */
  change(words: readonly string[], input?: string): ReturnType<Lab['command']> {
    return this.command(['devapp', ...words, '--config', this.at('one/authz.yaml')], input)
  }

  /** What is remembered of OCSP answers, in both processes and in Redis. */
  async purge(): Promise<void> {
    const askings = names.map((name) =>
      askPurge(new AdminClient(`unix:${this.at(`${name}.admin.sock`)}`), { kind: 'all' }),
    )
    await Promise.allSettled(askings)
  }

  /** The sum of the series of a metric, over the processes that answer, and over the labels that are not named. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const texts = await Promise.all(names.map((process) => this.metrics(process).catch(() => '')))
    const series = texts
      .join('\n')
      .split('\n')
      .filter((line) => line.startsWith(`devapp_authz_${name}`))
    return series
      .filter((line) => /^[^ {]*/.exec(line)?.[0] === `devapp_authz_${name}`)
      .filter((line) => Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)))
      .reduce((sum, line) => sum + Number(line.split(' ').at(1)), 0)
  }

  /** What `GET /metrics` says over a new connection; rejects where the process does not answer. */
  async metrics(name: ProcessName): Promise<string> {
    const asking = get({ host: '127.0.0.1', port: this.#metricsPorts[name], path: '/metrics', agent: false })
    asking.setTimeout(1_000, () => asking.destroy(new Error('no answer')))
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    let text = ''
    for await (const part of answer) text += String(part)
    return text
  }

  /** How many lines of the log of both processes hold a text. */
  logged(text: string): number {
    return names.reduce((sum, name) => sum + this.services[name].output().split(text).length - 1, 0)
  }

  async stop(): Promise<void> {
    await this.load?.stop()
    for (const name of names) this.services[name]?.signal('SIGCONT')
    await this.envoy?.stop()
    for (const name of names) await this.services[name]?.stop()
    await this.redisWay?.stop()
    await this.sdsWay?.stop()
    await this.redis?.stop()
    await this.postgres?.stop()
    await this.parties?.stop()
    this.#upstream.closeAllConnections()
    this.#upstream.close()
    if (this.#isTmpfs) spawnSync('umount', ['-l', this.at('registry')])
    this.folder.remove()
  }

  /** Takes away what one caller had: it is refused from now on. */
  async #detach(): Promise<void> {
    const { id, certificate } = this.parties.detached
    await this.#done(['detach-certificate', id, certificate.x509.fingerprint256.replaceAll(':', '')])
    const left = this.parties.certificateCount - 1
    await until(
      'the detached certificate is gone in both processes',
      async () => (await this.metric('registry_certificates')) === left * names.length,
    )
  }

  async #fillPostgres(): Promise<void> {
    await this.#expectDone(['migrate', '--config', this.at('one/authz.yaml')])
    for (const { id, clientSecret, certificates, products = [], status } of this.parties.registrations()) {
      const selected = products.flatMap((product) => ['--product', product])
      await this.#done(['create', id, '--name', id, '--client-key', `${id}-key`, '--no-secret', ...selected])
      for (const [index, certificate] of certificates.entries()) {
        const file = this.at(`${id}-${index}.pem`)
        writeFileSync(file, certificate.pem + this.parties.issuing.chainPem)
        await this.#done(['attach-certificate', id, file, '--offline'])
      }
      if (status === 'disabled') await this.#done(['disable', id])
      if (clientSecret !== undefined) await this.#done(['rotate-secret', id, '--stdin'], `${clientSecret}\n`)
    }
  }

  async #done(words: readonly string[], input?: string): Promise<void> {
    await this.#expectDone(['devapp', ...words, '--config', this.at('one/authz.yaml')], input)
  }

  async #expectDone(words: readonly string[], input?: string): Promise<void> {
    const { code, output } = await this.command(words, input)
    if (code !== 0) throw new Error(`${words.join(' ')}: ${output}`)
  }
}

/** Resolves once the condition holds; rejects with what did not come true. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 15_000,
): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs / 1_000} s: ${what}`)
    await pause(50)
  }
}
