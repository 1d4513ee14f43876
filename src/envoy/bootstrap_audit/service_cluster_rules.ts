import { isLoopback, parseLocalAddress } from '../../listen_address.ts'
import { typed } from './extension.ts'
import type { Gateway } from './gateway.ts'
import type { Part } from './part.ts'
import { type Broken, brokenIf, type Rule } from './rule.ts'
import { questionsOf } from './scope.ts'

/** How Envoy reaches the service. */
export const serviceClusterRules: readonly Rule[] = [
  {
    code: 'service_cluster_missing',
    severity: 'error',
    why: 'There is nobody to ask: every request is answered 503, or Envoy does not start.',
    cure: 'Add the cluster `devapp-authz` of envoy/envoy.yaml, and name it in `envoy_grpc: { cluster_name }`.',
    broken: (gateway) =>
      gateway.unreadable.length > 0 || gateway.unseen.some(({ what }) => what === 'clusters')
        ? []
        : questionsOf(gateway).flatMap((grpcService) => {
            const name = grpcService.at('envoy_grpc', 'cluster_name')
            const known = gateway.clusters.some((cluster) => cluster.at('name').text === name.text)
            return brokenIf(!known, name, name.exists ? `there is no cluster ${name.text}` : 'no cluster is named')
          }),
  },
  {
    code: 'service_exposed',
    severity: 'error',
    why: 'Whoever stands between Envoy and the service can answer in its place and let everything pass. The service itself listens on a Unix socket or on loopback alone.',
    cure: 'Run the service beside Envoy, and name its Unix socket: `address: { pipe: { path } }`.',
    broken: ofServiceCluster((cluster) =>
      cluster.at('transport_socket').exists
        ? []
        : endpointsOf(cluster).flatMap((address) =>
            brokenIf(!isLocal(address), address, 'the service is asked over the network, without TLS'),
          ),
    ),
  },
  {
    code: 'service_address',
    severity: 'error',
    why: 'Envoy asks where the service does not listen: every request is answered 503.',
    cure: "Name the address that `listen` of the service's configuration says, in one endpoint for each process.",
    broken: (gateway, service) => {
      if (service === undefined) return []
      const listens = parseLocalAddress(service.listen)
      const expected = listens?.kind === 'unix' ? listens.path : `${listens?.host}:${listens?.port}`
      return serviceClustersIn(gateway).flatMap((cluster) => {
        const found = endpointsOf(cluster).some((address) => addressText(address) === expected)
        return brokenIf(
          !found,
          cluster.at('load_assignment'),
          `no endpoint is ${service.listen}, where the service listens`,
        )
      })
    },
  },
  {
    code: 'service_not_http2',
    severity: 'error',
    why: 'gRPC needs HTTP/2: no question gets through.',
    cure: 'Set `explicit_http_config: { http2_protocol_options: {} }` in the `typed_extension_protocol_options` of the cluster.',
    broken: ofServiceCluster((cluster) => {
      const options = cluster.at('typed_extension_protocol_options').entry(httpProtocolOptions)
      const config = typed(options).config.at('explicit_http_config', 'http2_protocol_options')
      const speaks = config.exists || cluster.at('http2_protocol_options').exists
      return brokenIf(!speaks, cluster.at('typed_extension_protocol_options'), 'the service is asked over HTTP/1.1')
    }),
  },
  {
    code: 'service_limits_default',
    severity: 'warning',
    why: 'More than 1024 questions under way at once are answered 503: a burst is enough.',
    cure: 'Raise `max_requests` and `max_pending_requests` in the `circuit_breakers` of the cluster, as envoy/envoy.yaml does.',
    broken: ofServiceCluster((cluster) => {
      const limits = cluster.at('circuit_breakers')
      const raised = limits
        .at('thresholds')
        .items()
        .filter((threshold) => threshold.at('priority').oneOf(['DEFAULT', 'HIGH']) === 'DEFAULT')
        .some((threshold) =>
          ['max_requests', 'max_pending_requests'].every((limit) => (threshold.at(limit).number ?? 0) > defaultLimit),
        )
      return brokenIf(!raised, limits, `at most ${defaultLimit} questions are under way`)
    }),
  },
  {
    code: 'service_endpoint_repeated',
    severity: 'warning',
    why: 'One address is one process: each worker of Envoy opens one connection to an endpoint, and further processes are not asked.',
    cure: 'Give each process a socket of its own, and name each once.',
    broken: ofServiceCluster((cluster) => {
      const seen = new Set<string>()
      return endpointsOf(cluster).flatMap((address) => {
        const repeated = seen.has(addressText(address))
        seen.add(addressText(address))
        return brokenIf(repeated, address, `${addressText(address)} stands here a second time`)
      })
    }),
  },
]

const httpProtocolOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
const defaultLimit = 1024

/** The clusters that any ext_authz filter asks. */
function serviceClustersIn(gateway: Gateway): readonly Part[] {
  const names = new Set(questionsOf(gateway).map((grpcService) => grpcService.at('envoy_grpc', 'cluster_name').text))
  return gateway.clusters.filter((cluster) => names.has(cluster.at('name').text))
}

function ofServiceCluster(broken: (cluster: Part) => readonly Broken[]): Rule['broken'] {
  return (gateway) => serviceClustersIn(gateway).flatMap(broken)
}

/** The addresses of all endpoints. */
function endpointsOf(cluster: Part): readonly Part[] {
  return cluster
    .at('load_assignment', 'endpoints')
    .items()
    .flatMap((locality) => locality.at('lb_endpoints').items())
    .map((endpoint) => endpoint.at('endpoint', 'address'))
}

/** A socket's path, or host and port. */
function addressText(address: Part): string {
  const { text: path } = address.at('pipe', 'path')
  const socket = address.at('socket_address')
  return path ?? `${socket.at('address').text}:${socket.at('port_value').number}`
}

/** Whether other hosts cannot reach it. */
export function isLocal(address: Part): boolean {
  const { text: host = '' } = address.at('socket_address', 'address')
  return address.at('pipe').exists || isLoopback(host.includes(':') ? `[${host}]` : host)
}
