/** The real Envoy of the bench: the project's own configuration, but that it answers itself, and writes no access log. */
import type { RunningEnvoy } from '../../test/support/envoy.ts'
import { startEnvoy } from '../../test/support/envoy.ts'
import {
  type Bootstrap,
  cluster,
  filterChain,
  httpConnectionManager,
  type ServerCertificates,
} from '../../test/support/envoy_bootstrap.ts'
import { processorSecondsOf } from './measured_process.ts'

export interface GateOptions {
  readonly binary: string
  readonly serverCertificates: ServerCertificates
  readonly truststorePem: string
  /** Of the authorization service, one for each of its processes; none for an Envoy that asks nobody. */
  readonly sockets: readonly string[]
  readonly workers: number
}

/** An Envoy in front of one service. */
export interface Gate {
  readonly port: number
  /** Seconds of processor time so far. */
  processorSeconds(): number
  stop(): Promise<void>
}

export async function openGate(options: GateOptions): Promise<Gate> {
  const { binary, serverCertificates, truststorePem, sockets, workers } = options
  const envoy: RunningEnvoy = await startEnvoy({
    ...{ binary, serverCertificates, truststore: truststorePem, concurrency: workers },
    ...{ authzSocket: sockets[0] ?? '/nowhere', upstreamPort: 9 },
    change: (bootstrap) => adapt(bootstrap, sockets),
  })
  return {
    port: envoy.port,
    processorSeconds: () => processorSecondsOf(envoy.pid),
    stop: () => envoy.stop(),
  }
}

function adapt(bootstrap: Bootstrap, sockets: readonly string[]): void {
  const authz = cluster(bootstrap, 'devapp-authz')
  authz.load_assignment.endpoints[0].lb_endpoints = sockets.map((path) => ({
    endpoint: { address: { pipe: { path } } },
  }))
  // The peers know of no health.
  Reflect.deleteProperty(authz, 'health_checks')
  // Every connection begins with a whole handshake.
  for (const name of ['mtls', 'tls'] as const) {
    Object.assign(filterChain(bootstrap, name).transport_socket.typed_config, {
      ...{ disable_stateless_session_resumption: true, disable_stateful_session_resumption: true },
    })
    const http = filterChain(bootstrap, name).filters[0].typed_config
    Reflect.deleteProperty(http, 'access_log')
    // Meant for Envoy's own errors; an answer that it gives itself would go through all of their conditions.
    Reflect.deleteProperty(http, 'local_reply_config')
  }
  const { http_filters, route_config } = httpConnectionManager(bootstrap)
  for (const chain of ['mtls', 'tls'] as const) {
    const http = filterChain(bootstrap, chain).filters[0].typed_config
    http.route_config = route_config
    http.http_filters = sockets.length > 0 ? http_filters : http_filters.filter(({ name }) => name.endsWith('router'))
  }
  for (const route of route_config.virtual_hosts[0].routes) {
    Reflect.deleteProperty(route, 'route')
    Object.assign(route, { direct_response: { status: 200, body: { inline_string: 'yes\n' } } })
    if (sockets.length === 0) Reflect.deleteProperty(route, 'typed_per_filter_config')
  }
}
