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
  type OpenConnection,
  openConnection,
  sessionOf,
} from './gateway_client.ts'
import { Authority } from './pki.ts'
import { temporaryFolder } from './temporary_folder.ts'
import { type RunningUpstream, startUpstream } from './upstream.ts'

/** An Envoy on the reference configuration, and a client of it. */
export interface Gate {
  readonly envoy: RunningEnvoy
  ask(asked: Asked): Promise<Answered>
  handshake(asked: Asked): Promise<HandshakeOutcome>
  session(asked: Asked): Promise<Buffer>
  open(asked: Asked): Promise<OpenConnection>
  /** As `askVerbatim`, on the 1-way hostname. */
  askVerbatim(text: string): Promise<string>
}

/** The real Envoy between a client, an upstream and a service that answers as told. */
export interface GatewayUnderTest extends Gate {
  /** Whoever stops it may put another one, on the same socket, in its place. */
  authz: AuthzStandIn
  readonly authzSocket: string
  readonly upstream: RunningUpstream
  /** The one CA of the trust store, as it is at first. */
  readonly clients: Authority
  /** One more Envoy, which asks the same service. It stops with the gateway. */
  another(options?: Options): Promise<Gate>
  stop(): Promise<void>
}

type Options = Partial<Pick<EnvoyOptions, 'upstreamPort' | 'truststore' | 'change'>>

export async function startGateway(options: Options = {}): Promise<GatewayUnderTest> {
  const now = new Date()
  const servers = Authority.root({ commonName: 'Server CA', now })
  const clients = Authority.root({ commonName: 'Client CA', now })
  const serverCertificate = (name: string) =>
    servers.issue({ commonName: name, subjectAltNames: [name], extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })
  const serverCertificates = {
    mtls: serverCertificate('api.example.com'),
    tls: serverCertificate('api2.example.com'),
    try: serverCertificate('try.example.com'),
  }
  const folder = temporaryFolder('authz')
  const authzSocket = join(folder.path, 'authz.sock')
  const authz = await startAuthzStandIn(authzSocket, clients.chainPem)
  const upstream = await startUpstream()
  const envoys: RunningEnvoy[] = []

  const start = async (changes: Options): Promise<Gate> => {
    const binary = await findEnvoy((sentence) => process.stderr.write(`${sentence}\n`))
    const places = { authzSocket, upstreamPort: upstream.port, serverCertificates, ...changes }
    const envoy = await startEnvoy({ binary, ...places })
    envoys.push(envoy)
    const [port, ca] = [envoy.port, servers.chainPem]
    return {
      envoy,
      ask: (asked) => ask(port, ca, asked),
      handshake: (asked) => handshakeOutcome(port, ca, asked),
      session: (asked) => sessionOf(port, ca, asked),
      open: (asked) => openConnection(port, ca, asked),
      askVerbatim: (text) => askVerbatim(port, ca, 'api2.example.com', text),
    }
  }
  const gateway: GatewayUnderTest = {
    ...(await start(options)),
    authz,
    authzSocket,
    upstream,
    clients,
    another: (more = {}) => start(more),
    stop: async () => {
      await Promise.all(envoys.map((envoy) => envoy.stop()))
      await upstream.stop()
      await gateway.authz.stop()
      folder.remove()
    },
  }
  return gateway
}
