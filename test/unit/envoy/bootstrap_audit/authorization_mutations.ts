import { authz, authzFilter, host, http, type Mutation, override, route, serviceCluster, table } from './fixture.ts'

const filterConfig = 'type.googleapis.com/envoy.config.route.v3.FilterConfig'
const perRoute = 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute'
const filter = authzFilter
const grpcService = [...authz, 'grpc_service']
const overridden = [...route, ...override, 'check_settings', 'grpc_service']
const withDisabled = (disabled: unknown) => ({ '@type': perRoute, disabled })
const wrapped = (disabled: boolean) => ({ '@type': filterConfig, disabled })
const split = (second: object) => ({
  weighted_clusters: {
    clusters: [
      { name: 'upstream', weight: 1 },
      { name: 'upstream', weight: 1, ...second },
    ],
  },
})
const patterns = (...names: string[]) => ({ patterns: names.map((exact) => ({ exact })) })
const endpoints = [...serviceCluster, 'load_assignment', 'endpoints', 0, 'lb_endpoints']
const firstAddress = [...endpoints, 0, 'endpoint', 'address']
const protocol = [...serviceCluster, 'typed_extension_protocol_options']
const http2Options = [...protocol, 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions', 'explicit_http_config']
const socketAddress = (address: string) => ({ socket_address: { address, port_value: 9191 } })

export const authorizationMutations: readonly Mutation[] = [
  {
    ...{ code: 'ext_authz_missing', title: 'the filter is left out', put: [...http, 'http_filters'] },
    value: (filters: unknown[]) => filters.toSpliced(1, 1),
  },
  { code: 'ext_authz_disabled', title: 'the filter is off', put: [...filter, 'disabled'], value: true },
  {
    ...{ code: 'ext_authz_disabled', title: 'a route is exempt', put: [...route, ...override] },
    ...{ value: withDisabled(true), found: [...route, ...override, 'disabled'], also: ['policy_missing'] },
  },
  {
    ...{ code: 'ext_authz_disabled', title: 'a route switches the filter off', put: [...route, ...override] },
    ...{ value: wrapped(true), found: [...route, ...override, 'disabled'], also: ['policy_missing'] },
  },
  {
    ...{ code: 'ext_authz_disabled', title: 'a route is exempt, wrapped', put: [...route, ...override] },
    value: { '@type': filterConfig, config: withDisabled(true) },
    ...{ found: [...route, ...override, 'config', 'disabled'], also: ['policy_missing'] },
  },
  {
    ...{ code: 'ext_authz_disabled', title: 'a virtual host is exempt', put: [...host, ...override] },
    ...{ value: withDisabled('yes'), found: [...host, ...override, 'disabled'] },
  },
  {
    ...{ code: 'ext_authz_disabled', title: 'a route table is exempt', put: [...table, ...override] },
    ...{ value: wrapped(true), found: [...table, ...override, 'disabled'] },
  },
  {
    ...{ code: 'ext_authz_disabled', title: 'a weighted cluster is exempt', put: [...route, 'route'] },
    value: split({ [override[0] as string]: { [override[1] as string]: withDisabled(true) } }),
    found: [...route, 'route', 'weighted_clusters', 'clusters', 1, ...override, 'disabled'],
  },
  {
    ...{ code: 'ext_authz_sampled', title: 'half of the requests are asked about', put: [...authz, 'filter_enabled'] },
    value: { default_value: { numerator: 50 } },
  },
  {
    ...{ code: 'ext_authz_sampled', title: 'nearly all are asked about', put: [...authz, 'filter_enabled'] },
    value: { default_value: { numerator: 999_999, denominator: 'MILLION' } },
  },
  {
    ...{ code: 'ext_authz_sampled', title: 'the others are refused', put: [...authz, 'filter_enabled'] },
    value: { default_value: { numerator: 0 }, runtime_key: 'authz' },
  },
  {
    ...{ code: 'ext_authz_sampled', title: 'metadata decide', put: [...authz, 'filter_enabled_metadata'] },
    value: { filter: 'any', path: [{ key: 'asked' }], value: { bool_match: true } },
  },
  { code: 'failure_mode_allow', title: 'a failure lets pass', put: [...authz, 'failure_mode_allow'], value: true },
  {
    ...{ code: 'failure_mode_allow', title: 'a failure would be marked' },
    ...{ put: [...authz, 'failure_mode_allow_header_add'], value: true },
  },
  {
    ...{ code: 'status_on_error', title: 'the default stays', put: [...authz, 'status_on_error'] },
    found: [...authz, 'status_on_error', 'code'],
  },
  ...['Forbidden', 403, 'OK'].map((value) => ({
    ...{ code: 'status_on_error', title: `an outage is ${value}`, put: [...authz, 'status_on_error', 'code'], value },
  })),
  {
    ...{ code: 'ext_authz_http', title: 'the service is asked over HTTP', put: authz },
    value: ({ grpc_service, ...others }: Record<string, unknown>) => ({
      ...others,
      http_service: { server_uri: { uri: 'http://127.0.0.1:9191', cluster: 'devapp-authz', timeout: '2s' } },
    }),
    found: [...authz, 'http_service'],
  },
  {
    ...{ code: 'ext_authz_http', title: 'a route asks over HTTP', value: {} },
    put: [...route, ...override, 'check_settings', 'http_service'],
  },
  { code: 'ext_authz_http', title: 'no service is named', put: grpcService },
  { code: 'ext_authz_transport', title: 'version 2', put: [...authz, 'transport_api_version'], value: 'V2' },
  { code: 'ext_authz_transport', title: 'no version', put: [...authz, 'transport_api_version'] },
  {
    ...{ code: 'peer_certificate_missing', title: 'the certificate stays behind' },
    ...{ put: [...authz, 'include_peer_certificate'], value: false },
  },
  { code: 'tls_session_missing', title: 'the SNI stays behind', put: [...authz, 'include_tls_session'] },
  { code: 'ext_authz_timeout', title: 'the default', put: [...grpcService, 'timeout'] },
  { code: 'ext_authz_timeout', title: 'as long as the deadline', put: [...grpcService, 'timeout'], value: '1.5s' },
  { code: 'ext_authz_timeout', title: 'none', put: [...grpcService, 'timeout'], value: '0s' },
  {
    ...{ code: 'ext_authz_timeout', title: 'a route has its own', put: overridden },
    value: { envoy_grpc: { cluster_name: 'devapp-authz' }, timeout: '0.5s' },
    found: [...overridden, 'timeout'],
  },
  {
    ...{ code: 'service_starved', title: 'ClientKeys are not sent', put: [...authz, 'allowed_headers'] },
    value: patterns('authorization', 'x-request-id'),
  },
  {
    ...{ code: 'service_starved', title: 'Basic is taken away', put: [...authz, 'disallowed_headers'] },
    value: { patterns: [{ prefix: 'Auth', ignore_case: true }] },
    found: [...authz, 'disallowed_headers', 'patterns', 0],
  },
  { code: 'service_sent_all_headers', title: 'nothing is held back', put: [...authz, 'allowed_headers'] },
  {
    ...{ code: 'service_sent_bodies', title: 'bodies are sent', put: [...authz, 'with_request_body'] },
    value: { max_request_bytes: 8192, pack_as_bytes: true },
  },
  {
    ...{ code: 'service_sent_bodies', title: 'a route sends bodies', value: { max_request_bytes: 8192 } },
    put: [...route, ...override, 'check_settings', 'with_request_body'],
  },
  {
    ...{ code: 'service_sent_bodies', title: 'parts of bodies are sent', put: [...authz, 'with_request_body'] },
    value: { max_request_bytes: 8192, allow_partial_message: true },
    found: [...authz, 'with_request_body', 'allow_partial_message'],
  },
  {
    ...{ code: 'service_cluster_missing', title: 'the cluster has another name' },
    ...{ put: [...grpcService, 'envoy_grpc', 'cluster_name'], value: 'authz' },
  },
  {
    ...{ code: 'service_exposed', title: 'the service is on another host', put: firstAddress },
    ...{ value: socketAddress('10.0.0.7'), also: ['service_address'] },
  },
  {
    ...{ code: 'service_address', title: 'the service listens elsewhere', put: [...firstAddress, 'pipe', 'path'] },
    ...{ value: '/run/other.sock', found: [...serviceCluster, 'load_assignment'] },
  },
  {
    code: 'service_not_http2',
    title: 'HTTP/1.1 is spoken',
    put: http2Options,
    value: { http_protocol_options: {} },
    found: protocol,
  },
  { code: 'service_limits_default', title: 'the limits are left', put: [...serviceCluster, 'circuit_breakers'] },
  {
    ...{ code: 'service_limits_default', title: 'one limit is left', put: [...serviceCluster, 'circuit_breakers'] },
    value: { thresholds: [{ max_requests: 10_000 }, { priority: 'HIGH', max_pending_requests: 10_000 }] },
  },
  {
    ...{ code: 'service_endpoint_repeated', title: 'two processes share a socket', put: endpoints },
    value: ([first]: unknown[]) => [first, first],
    found: [...endpoints, 1, 'endpoint', 'address'],
  },
]
