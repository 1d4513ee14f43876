import { authz, host, http, listener, type Mutation, mtls, override, route, tls } from './fixture.ts'

const filters = [...http, 'http_filters']
const action = [...route, 'route']
const context = [...override, 'check_settings', 'context_extensions']
const extension = (kind: string, message: string, config: object = {}) => ({
  name: kind,
  typed_config: { '@type': `type.googleapis.com/envoy.extensions.filters.http.${kind}.v3.${message}`, ...config },
})
const inserted =
  (index: number, ...entries: object[]) =>
  (list: unknown[] = []) =>
    list.toSpliced(index, 0, ...entries)

const tcpProxy = {
  name: 'tcp',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
    ...{ stat_prefix: 'tcp', cluster: 'upstream' },
  },
}
const names = (...server_names: string[]) => ({ server_names })

const reroutingFilters = [
  extension('lua', 'Lua'),
  extension('wasm', 'Wasm'),
  extension('ext_proc', 'ExternalProcessor'),
  extension('header_mutation', 'HeaderMutation'),
  extension('header_to_metadata', 'Config'),
  extension('set_metadata', 'Config'),
  extension('original_src', 'OriginalSrc'),
  {
    name: 'golang',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.golang.v3alpha.Config' },
  },
]

export const routingMutations: readonly Mutation[] = [
  ...reroutingFilters.map((filter) => ({
    ...{ code: 'route_changed_after', title: `${filter.name} runs after`, put: filters, value: inserted(2, filter) },
    found: [...filters, 2],
  })),
  {
    ...{ code: 'route_changed_after', title: 'tokens choose the route anew', put: filters },
    value: inserted(2, extension('jwt_authn', 'JwtAuthentication', { providers: { a: { clear_route_cache: true } } })),
    found: [...filters, 2, 'typed_config', 'providers', 'a', 'clear_route_cache'],
  },
  { code: 'clear_route_cache', title: 'ext_authz clears it', put: [...authz, 'clear_route_cache'], value: true },
  {
    ...{ code: 'internal_redirect', title: 'Envoy follows redirects', put: [...action, 'internal_redirect_policy'] },
    value: {},
  },
  {
    ...{ code: 'internal_redirect', title: 'in the old way', put: [...action, 'internal_redirect_action'] },
    value: 'HANDLE_INTERNAL_REDIRECT',
  },
  {
    ...{ code: 'cluster_by_request', title: 'a header names the upstream', put: action },
    ...{ value: { cluster_header: 'x-cluster' }, found: [...action, 'cluster_header'] },
  },
  {
    ...{ code: 'request_mirrored', title: 'requests are copied', put: [...action, 'request_mirror_policies'] },
    value: [{ cluster: 'upstream' }],
  },
  {
    ...{ code: 'request_mirrored', title: 'all are copied', put: [...host, 'request_mirror_policies'] },
    value: [{ cluster: 'upstream' }],
  },
  {
    ...{ code: 'unguarded_proxy', title: 'bytes are handed on', put: [...mtls, 'filters'] },
    ...{ value: inserted(0, tcpProxy), found: [...mtls, 'filters', 0] },
  },
  {
    ...{ code: 'upgrade_unguarded', title: 'an upgrade has filters of its own', put: [...http, 'upgrade_configs'] },
    value: [{ upgrade_type: 'websocket', filters: [extension('router', 'Router')] }],
    ...{ found: [...http, 'upgrade_configs', 0, 'filters'], also: ['upgrade_accepted'] },
  },
  {
    ...{ code: 'upgrade_unguarded', title: 'CONNECT is taken', put: [...action, 'upgrade_configs'] },
    value: [{ upgrade_type: 'CONNECT', connect_config: {} }],
    found: [...action, 'upgrade_configs', 0],
  },
  {
    ...{ code: 'upgrade_accepted', title: 'WebSocket is taken', put: [...http, 'upgrade_configs'] },
    ...{ value: [{ upgrade_type: 'websocket' }], found: [...http, 'upgrade_configs', 0] },
  },
  {
    ...{ code: 'upgrade_accepted', title: 'a route takes WebSocket', put: [...action, 'upgrade_configs'] },
    ...{ value: [{ upgrade_type: 'websocket' }], found: [...action, 'upgrade_configs', 0] },
  },
  { code: 'policy_missing', title: 'a route has none', put: [...route, 'typed_per_filter_config'], found: route },
  {
    ...{ code: 'policy_missing', title: 'it is for a filter of another name', put: [...route, override[0] as string] },
    value: (old: Record<string, unknown>) => ({ authz: old[override[1] as string] }),
    found: route,
  },
  { code: 'policy_missing', title: 'it is empty', put: [...route, ...context, 'policy'], value: '' },
  { code: 'policy_unknown', title: 'a name is misspelt', put: [...route, ...context, 'policy'], value: 'datas' },
  {
    ...{ code: 'policy_channel', title: 'only the other kind of hostname has the route', put: [...tls, 'filters'] },
    value: (old: [{ typed_config: { route_config: object } }]) => {
      const copy = structuredClone(old)
      copy[0].typed_config.route_config = { virtual_hosts: [] }
      return copy
    },
    ...{ found: [...host, 'routes', 3, ...context, 'policy'], also: ['policy_channel'] },
  },
  {
    ...{ code: 'default_filter_chain', title: 'any SNI is taken', put: [...listener, 'default_filter_chain'] },
    value: { filters: [tcpProxy] },
    also: ['unguarded_proxy', 'listener_without_tls'],
  },
  {
    ...{ code: 'sni_not_matched', title: 'a filter chain matches all', put: [...tls, 'filter_chain_match'] },
    ...{ found: [...tls, 'filter_chain_match', 'server_names'], also: ['hostname_unserved', 'policy_channel'] },
  },
  {
    ...{ code: 'hostname_on_both_channels', title: 'a name is on both', put: [...tls, 'filter_chain_match'] },
    value: names('api2.example.com', 'API.example.com'),
    ...{ found: [...tls, 'filter_chain_match', 'server_names', 1], also: ['client_certificate_optional'] },
  },
  {
    ...{ code: 'hostname_unknown', title: 'the service does not know a name', put: [...tls, 'filter_chain_match'] },
    value: names('api2.example.com', '*.example.com'),
    found: [...tls, 'filter_chain_match', 'server_names', 1],
  },
  {
    ...{ code: 'hostname_unserved', title: 'a filter chain is missing', put: [...listener, 'filter_chains'] },
    value: (chains: unknown[]) => chains.toSpliced(1, 1),
    ...{ found: ['static_resources', 'listeners'], also: ['policy_channel'] },
  },
  {
    code: 'not_seen',
    title: 'virtual hosts have a matcher tree',
    put: [...host, 'matcher'],
    value: { on_no_match: {} },
  },
  {
    ...{ code: 'not_seen', title: 'a matcher tree chooses filter chains', put: [...listener, 'filter_chain_matcher'] },
    value: { on_no_match: {} },
  },
  {
    ...{ code: 'not_seen', title: 'routes come from a control plane', put: http },
    value: ({ route_config, ...others }: Record<string, unknown>) => ({
      ...others,
      rds: { route_config_name: 'apis', config_source: { ads: {} } },
    }),
    found: [...http, 'rds', 'config_source'],
  },
  {
    ...{ code: 'not_seen', title: 'listeners come from a control plane', put: ['dynamic_resources'] },
    ...{ value: { lds_config: { ads: {} } }, found: ['dynamic_resources', 'lds_config'] },
  },
  {
    ...{ code: 'clusters_not_seen', title: 'clusters come from a control plane', put: ['dynamic_resources'] },
    ...{ value: { cds_config: { ads: {} } }, found: ['dynamic_resources', 'cds_config'] },
  },
  {
    ...{ code: 'nothing_served', title: 'there is no listener', put: ['static_resources', 'listeners'] },
    found: [],
  },
]
