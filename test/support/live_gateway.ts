import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServerCertificates } from '../../demo/server_certificates.ts'
import { type Registration, registryYaml } from '../../demo/third_parties.ts'
import { type EnvoyOptions, findEnvoy, type RunningEnvoy, startEnvoy } from './envoy.ts'
import { replaceFile } from './envoy_bootstrap.ts'
import {
  type Answered,
  type Asked,
  ask,
  handshakeOutcome,
  type OpenConnection,
  openConnection,
  sessionOf,
} from './gateway_client.ts'
import { keepCodes } from './provoked_codes.ts'
import { type RunningService, startService } from './service.ts'
import { temporaryFolder } from './temporary_folder.ts'
import { type RunningUpstream, startUpstream } from './upstream.ts'

export interface LiveGatewayOptions {
  readonly registrations: readonly Registration[]
  /** PEM of the chain above every leaf that has none of its own. */
  readonly chainPem: string
  /** What stands below `ocsp:` in the configuration, as YAML flow or block. */
  readonly ocsp: string
  /** More sections of the configuration, as YAML. */
  readonly more?: string
  /** What stands below `policies:`, as YAML flow or block. With `try` among them. Default: `data` alone, for whoever has a registered certificate. */
  readonly policies?: string
  /** What differs from envoy/envoy.yaml. */
  readonly change?: EnvoyOptions['change']
  /** Files beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>
}

/** The real Envoy and the real service, with a registry and an `ocsp` configuration of the test's own. */
export interface LiveGateway {
  readonly envoy: RunningEnvoy
  /** The one that runs, or ran last. */
  readonly service: RunningService
  readonly upstream: RunningUpstream
  /** PEM of the CA of Envoy's own certificates. */
  readonly authorityPem: string
  /** For devapp-authz ocsp ... --admin. */
  readonly adminAddress: string
  /** `/v1/data` on the 2-way hostname. */
  ask(asked: Partial<Asked>): Promise<Answered & { readonly code: string | undefined }>
  handshake(asked: Partial<Asked>): Promise<string>
  session(asked: Partial<Asked>): Promise<Buffer>
  /** A connection that stays open, and `ask` over it. */
  open(asked: Partial<Asked>): Promise<Omit<OpenConnection, 'ask'> & Pick<LiveGateway, 'ask'>>
  /** Puts another registry in the place of the file, in one step, whether the service runs or not. */
  replaceRegistry(registrations: readonly Registration[]): void
  /** Starts the service anew, once it was killed or stopped. */
  startService(): Promise<void>
  stop(): Promise<void>
}

export async function startLiveGateway(options: LiveGatewayOptions): Promise<LiveGateway> {
  const folder = temporaryFolder('live')
  const at = (name: string): string => join(folder.path, name)
  const adminAddress = `unix:${at('admin.sock')}`
  mkdirSync(folder.path, { recursive: true })
  for (const [name, content] of Object.entries(options.files ?? {})) writeFileSync(at(name), content)
  writeFileSync(at('devapps.yaml'), registryYaml(options.registrations, options.chainPem))
  writeFileSync(
    at('authz.yaml'),
    [
      `listen: unix:${at('authz.sock')}`,
      `admin: ${adminAddress}`,
      `hostnames: { mtls: [api.example.com], tls: [api2.example.com]${options.policies === undefined ? '' : ', try: [try.example.com]'} }`,
      `policies: ${options.policies ?? '{ data: { channel: mtls, require: [certificate] } }'}`,
      'registry: { file: devapps.yaml }',
      `ocsp: ${options.ocsp}`,
      options.more ?? '',
    ].join('\n'),
  )
  const servers = createServerCertificates(new Date())
  const upstream = await startUpstream()
  let service = await startService({ config: at('authz.yaml') })
  const envoy = await startEnvoy({
    binary: await findEnvoy(() => {}),
    authzSocket: at('authz.sock'),
    upstreamPort: upstream.port,
    serverCertificates: servers,
    ...(options.change && { change: options.change }),
  })
  const whole = (asked: Partial<Asked>): Asked => ({
    protocol: 'http/1.1',
    sni: 'api.example.com',
    path: '/v1/data',
    ...asked,
  })
  const withCode = (answered: Answered) => ({
    ...answered,
    code: (JSON.parse(answered.body) as { code?: string }).code,
  })
  return {
    ...{ envoy, upstream, authorityPem: servers.authorityPem },
    get service() {
      return service
    },
    adminAddress,
    ask: async (asked) => withCode(await ask(envoy.port, servers.authorityPem, whole(asked))),
    open: async (asked) => {
      const connection = await openConnection(envoy.port, servers.authorityPem, whole(asked))
      const { ask } = connection
      return Object.assign(connection, { ask: async (next: Partial<Asked>) => withCode(await ask(whole(next))) })
    },
    replaceRegistry: (registrations) => replaceFile(at('devapps.yaml'), registryYaml(registrations, options.chainPem)),
    startService: async () => {
      service = await startService({ config: at('authz.yaml') })
    },
    handshake: async (asked) => String(await handshakeOutcome(envoy.port, servers.authorityPem, whole(asked))),
    session: (asked) => sessionOf(envoy.port, servers.authorityPem, whole(asked)),
    stop: async () => {
      await envoy.stop()
      keepCodes(envoy.accessLog())
      await service.stop()
      await upstream.stop()
      folder.remove()
    },
  }
}
