import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AccessLogLine, type RunningEnvoy, startEnvoy } from '../test/support/envoy.ts'
import { addRoute, type Bootstrap, filterChain, httpConnectionManager } from '../test/support/envoy_bootstrap.ts'
import { freePort } from '../test/support/free_port.ts'
import { type RunningResponder, startOpensslResponder } from '../test/support/openssl_responder.ts'
import type { IssuedCertificate } from '../test/support/pki.ts'
import { type RunningService, startService } from '../test/support/service.ts'
import { temporaryFolder } from '../test/support/temporary_folder.ts'
import { type RunningUpstream, startUpstream } from '../test/support/upstream.ts'
import { type Answer, type Call, call } from './client.ts'
import { createServerCertificates } from './server_certificates.ts'
import { allowPrivateResponders, listedCertificates, writeRegistry, writeServiceFiles } from './service_files.ts'
import { createThirdParties, type Registration, type ThirdParties } from './third_parties.ts'

const builtMain = fileURLToPath(new URL('../dist/main.js', import.meta.url))

export interface GatewayOptions {
  readonly envoy: string
  readonly openssl: string
  readonly progress: (sentence: string) => void
  /** Changes the configuration before the service starts. */
  readonly adapt?: (configuration: string, folder: string) => string
  /** Given the access log of each Envoy that was stopped. */
  readonly onAccessLog?: (lines: readonly AccessLogLine[]) => void
}

/** The whole gateway on loopback: third parties' certificates, responders, upstream, service and Envoy, all real. */
export class Gateway {
  readonly parties: ThirdParties
  /** What a row found that its answer alone does not show. */
  readonly expectations: { sameBody?: boolean; allowedBefore?: boolean } = {}
  readonly folder: string
  envoy!: RunningEnvoy
  #unverifying: RunningEnvoy | undefined
  #service: RunningService | undefined
  #printed = ''
  #responders: RunningResponder[] = []
  #registrations: readonly Registration[]
  readonly #options: GatewayOptions
  #upstream: RunningUpstream
  readonly #servers = createServerCertificates(new Date())
  readonly #stops: (() => unknown)[] = []
  #stopping = false
  /** Resolves once the Envoy that was started last is ready, or is not going to be. */
  #starting: Promise<unknown> = Promise.resolve()
  readonly #ocspPorts: readonly [number, number]

  private constructor(
    options: GatewayOptions,
    folder: string,
    ocspPorts: readonly [number, number],
    parties: ThirdParties,
    upstream: RunningUpstream,
  ) {
    this.#options = options
    this.#ocspPorts = ocspPorts
    this.folder = folder
    this.parties = parties
    this.#upstream = upstream
    this.#registrations = parties.registrations
  }

  /** Starts everything. What was started is stopped again when something fails. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const folder = temporaryFolder('gateway')
    const ports = [await freePort(), await freePort()] as const
    const consolePort = await freePort()
    options.progress('Making the certificates of the third parties ...')
    const parties = createThirdParties(
      { issuing: `http://127.0.0.1:${ports[0]}/`, other: `http://127.0.0.1:${ports[1]}/` },
      new Date(),
    )
    const gateway = new Gateway(options, folder.path, ports, parties, await startUpstream())
    gateway.#stops.push(
      () => folder.remove(),
      () => gateway.#upstream.stop(),
    )
    try {
      options.progress('Starting the OCSP responders (openssl ocsp) ...')
      await gateway.startResponders()
      const { adapt = (configuration) => configuration } = options
      writeServiceFiles(folder.path, parties, (example) =>
        adapt(
          allowPrivateResponders(example)
            .replaceAll('/run/devapp-authz/', `${folder.path}/`)
            .replace('listen: 127.0.0.1:9464', 'listen: 127.0.0.1:0')
            .replace('# console: { listen: 127.0.0.1:9193 }', `console: { listen: 127.0.0.1:${consolePort} }`),
          folder.path,
        ),
      )
      await gateway.startService()
      await gateway.#startEnvoys()
      return gateway
    } catch (error) {
      await gateway.stop()
      throw error
    }
  }

  get upstreamRequests(): number {
    return this.#upstream.requests
  }

  get serverCaPem(): string {
    return this.#servers.authorityPem
  }

  get service(): RunningService | undefined {
    return this.#service
  }

  /** All that the service printed, before it was stopped too. */
  get printed(): string {
    return this.#printed + (this.#service?.output() ?? '')
  }

  /** Of the console, whether or not a service runs. */
  get consoleUrl(): string {
    const [, address] = /^console: \{ listen: ([^, }]+)/m.exec(readFileSync(this.configFile, 'utf8')) ?? []
    return `http://${address}/`
  }

  get configFile(): string {
    return join(this.folder, 'authz.yaml')
  }

  call(asked: Call): Promise<Answer> {
    return call(this.envoy.port, this.serverCaPem, asked)
  }

  /** The same, through an Envoy that verifies no client certificate, and buffers short bodies only. */
  async callUnverified(asked: Call): Promise<Answer> {
    this.#unverifying ??= await this.#startEnvoy(acceptAnyCertificate)
    return call(this.#unverifying.port, this.serverCaPem, asked)
  }

  /** Starts the service: of another build, or with another configuration, where one is named. */
  async startService({ main = builtMain, config = this.configFile } = {}): Promise<void> {
    this.#service = await startService({ config, main })
  }

  async stopService(): Promise<void> {
    await this.#service?.stop()
    this.#printed = this.printed
    this.#service = undefined
  }

  async stopResponders(): Promise<void> {
    for (const responder of this.#responders.splice(0)) await responder.stop()
  }

  stopUpstream(): Promise<void> {
    return this.#upstream.stop()
  }

  /** On the port that it had. */
  async startUpstream(): Promise<void> {
    this.#upstream = await startUpstream(this.#upstream.port)
  }

  /** Adds a DevApp to the registry file, or replaces it, and waits until the running service has taken it over. */
  async register(id: string, certificate: IssuedCertificate): Promise<void> {
    const others = this.#registrations.filter((registration) => registration.id !== id)
    this.#registrations = [...others, { id, certificates: [certificate], products: ['data'] }]
    const loaded = () => this.#service?.log().filter(({ msg }) => msg === 'registry loaded').length ?? 0
    const before = loaded()
    writeRegistry(this.folder, this.parties, this.#registrations)
    await this.#service?.logged(() => loaded() > before)
  }

  /** A registered certificate that is good for a few seconds more. */
  async registerShortLived(): Promise<IssuedCertificate> {
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2_000)
    const certificate = this.parties.issue({ commonName: 'brief.example', notAfter })
    await this.#responders[0]?.restart([...listedCertificates(this.parties), { certificate, status: 'good' }])
    await this.register('brief', certificate)
    return certificate
  }

  /** Waits until an instant has passed by the real clock, which Envoy and the service go by. */
  until(instant: Date): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, instant.getTime() - Date.now() + 1_001))
  }

  /** Stops all that was started, the last first. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#starting
    await this.stopService()
    await this.stopResponders()
    for (const stop of this.#stops.splice(0).reverse()) await stop()
  }

  /** One for each CA: `openssl ocsp` answers for one. */
  async startResponders(): Promise<void> {
    const [issuingPort, otherPort] = this.#ocspPorts
    const { openssl } = this.#options
    const { issuing, otherTrusted, ocspSigner, certificates } = this.parties
    const [issuer, signer] = [issuing.certificate, ocspSigner]
    const other = otherTrusted.certificate
    this.#responders = [
      await startOpensslResponder({
        openssl,
        port: issuingPort,
        issuer,
        signer,
        certificates: listedCertificates(this.parties),
      }),
      await startOpensslResponder({
        ...{ openssl, port: otherPort, issuer: other, signer: other },
        certificates: [{ certificate: certificates.otherQtsp, status: 'good' }],
      }),
    ]
  }

  async #startEnvoys(): Promise<void> {
    this.#options.progress('Starting Envoy with envoy/envoy.yaml ...')
    this.envoy = await this.#startEnvoy((bootstrap) => addRoute(bootstrap, '/v1/misconfigured', 'nonesuch'))
  }

  async #startEnvoy(change: (bootstrap: Bootstrap) => void): Promise<RunningEnvoy> {
    if (this.#stopping) throw new Error('the gateway is being stopped')
    const starting = startEnvoy({
      binary: this.#options.envoy,
      authzSocket: join(this.folder, 'authz.sock'),
      upstreamPort: this.#upstream.port,
      serverCertificates: this.#servers,
      change,
    })
    this.#starting = starting.catch(() => {})
    const envoy = await starting
    this.#stops.push(async () => {
      await envoy.stop()
      this.#options.onAccessLog?.(envoy.accessLog())
    })
    return envoy
  }
}

/** An Envoy that leaves the client's certificate to the service, and takes no long bodies. */
function acceptAnyCertificate(bootstrap: Bootstrap): void {
  const { typed_config } = filterChain(bootstrap, 'mtls').transport_socket
  typed_config.require_client_certificate = false
  const context = typed_config.common_tls_context.combined_validation_context
  if (context) context.default_validation_context['trust_chain_verification'] = 'ACCEPT_UNTRUSTED'
  httpConnectionManager(bootstrap).http_filters.unshift({
    name: 'envoy.filters.http.buffer',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer',
      max_request_bytes: 1_024,
    },
  })
}
