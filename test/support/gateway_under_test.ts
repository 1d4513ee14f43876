import { join } from 'node:path'
import { type AuthzStandIn, startAuthzStandIn } from './authz_stand_in.ts'
import { type EnvoyOptions, findEnvoy, type RunningEnvoy, startEnvoy } from './envoy.ts'
import {
  type Answered,
  type Asked,
  ask,
  askVerbatim,
  type HandshakeOutcome,
  handshakeOutcome,
  sessionOf,
} from './gateway_client.ts'
import { Authority } from './pki.ts'
import { temporaryFolder } from './temporary_folder.ts'
import { type RunningUpstream, startUpstream } from './upstream.ts'

/** The real Envoy on the reference configuration, between a client, an upstream and a service that answers as told. */
export interface GatewayUnderTest {
  readonly envoy: RunningEnvoy
  /** Whoever stops it may put another one, on the same socket, in its place. */
  authz: AuthzStandIn
  readonly authzSocket: string
  readonly upstream: RunningUpstream
  /** The one CA of the trust store, as it is at first. */
  readonly clients: Authority
  ask(asked: Asked): Promise<Answered>
  handshake(asked: Asked): Promise<HandshakeOutcome>
  session(asked: Asked): Promise<Buffer>
  /** As `askVerbatim`, on the 1-way hostname. */
  askVerbatim(text: string): Promise<string>
  stop(): Promise<void>
}

export async function startGateway(
  options: Partial<Pick<EnvoyOptions, 'upstreamPort' | 'truststore' | 'change'>> = {},
): Promise<GatewayUnderTest> {
  const now = new Date()
  const servers = Authority.root({ commonName: 'Server CA', now })
  const clients = Authority.root({ commonName: 'Client CA', now })
  const serverCertificate = (name: string) =>
    servers.issue({ commonName: name, subjectAltNames: [name], extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })
  const folder = temporaryFolder('authz')
  const authzSocket = join(folder.path, 'authz.sock')
  const authz = await startAuthzStandIn(authzSocket, clients.chainPem)
  const upstream = await startUpstream()
  const envoy = await startEnvoy({
    binary: await findEnvoy((sentence) => process.stderr.write(`${sentence}\n`)),
    authzSocket,
    upstreamPort: upstream.port,
    serverCertificates: { mtls: serverCertificate('api.example.com'), tls: serverCertificate('api2.example.com') },
    ...options,
  })
  const { port } = envoy
  const gateway: GatewayUnderTest = {
    envoy,
    authz,
    authzSocket,
    upstream,
    clients,
    ask: (asked) => ask(port, servers.chainPem, asked),
    handshake: (asked) => handshakeOutcome(port, servers.chainPem, asked),
    session: (asked) => sessionOf(port, servers.chainPem, asked),
    askVerbatim: (text) => askVerbatim(port, servers.chainPem, 'api2.example.com', text),
    stop: async () => {
      await envoy.stop()
      await upstream.stop()
      await gateway.authz.stop()
      folder.remove()
    },
  }
  return gateway
}
