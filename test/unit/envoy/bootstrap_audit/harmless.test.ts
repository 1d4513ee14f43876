import { expect } from 'chai'
import {
  audited,
  authz,
  authzFilter,
  bootstrapWith,
  type Change,
  host,
  http,
  mtls,
  mtlsContext,
  override,
  type Path,
  put,
  route,
  serviceCluster,
} from './fixture.ts'

const filters = [...http, 'http_filters']
const routes = [...host, 'routes']
const perRoute = 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute'
const policy = (name: string) => ({ '@type': perRoute, check_settings: { context_extensions: { policy: name } } })
const before = (filter: object) => (list: unknown[]) => [filter, ...list]
const extension = (kind: string, message: string, config: object = {}) => ({
  name: kind,
  typed_config: { '@type': `type.googleapis.com/envoy.extensions.filters.http.${kind}.v3.${message}`, ...config },
})
const removals = [
  ...['x-devapp-id', 'x-client-cert-serial', 'x-client-cert-cn', 'x-client-cert-sha256'],
  'x-devapp-authz-shadow',
]

/** What is another way of being right. */
const harmless: Readonly<Record<string, readonly Change[]>> = {
  'a policy that a virtual host names for all its routes': [
    { put: [...host, ...override], value: policy('data') },
    { put: [...route, 'typed_per_filter_config'] },
  ],
  'a weighted cluster with a policy of its own': [
    { put: [...route, 'route'], value: { weighted_clusters: { clusters: [{ name: 'upstream', weight: 1 }] } } },
    { put: [...route, 'route', 'weighted_clusters', 'clusters', 0, ...override], value: policy('accounts') },
    { put: [...route, 'typed_per_filter_config'] },
  ],
  'a redirect and an answer of Envoy, without a policy': [
    {
      put: routes,
      value: (list: unknown[]) => [
        { match: { path: '/' }, redirect: { path_redirect: '/v1' } },
        { match: { path: '/robots.txt' }, direct_response: { status: 404 } },
        ...list,
      ],
    },
  ],
  'a filter that changes requests before ext_authz': [{ put: filters, value: before(extension('lua', 'Lua')) }],
  'tokens that are verified after ext_authz, and choose nothing': [
    {
      put: filters,
      value: ([first, ...others]: unknown[]) => [
        first,
        extension('jwt_authn', 'JwtAuthentication', { providers: { bank: { issuer: 'bank' } } }),
        ...others,
      ],
    },
  ],
  'identity headers that a filter removes before ext_authz': [
    { put: [...http, 'early_header_mutation_extensions'] },
    {
      put: filters,
      value: before(
        extension('header_mutation', 'HeaderMutation', {
          mutations: {
            request_mutations: [
              ...removals.map((remove) => ({ remove })),
              { remove_on_match: { key_matcher: { prefix: 'x-tpp-' } } },
            ],
          },
        }),
      ),
    },
  ],
  'an outage that is a 500': [{ put: [...authz, 'status_on_error', 'code'], value: 'InternalServerError' }],
  'an outage that is 503 by number': [{ put: [...authz, 'status_on_error', 'code'], value: 503 }],
  'a filter that is asked about all requests': [
    { put: [...authz, 'filter_enabled'], value: { default_value: { numerator: 1_000_000, denominator: 'MILLION' } } },
  ],
  'headers that are allowed by pattern': [
    {
      put: [...authz, 'allowed_headers'],
      value: { patterns: [{ safe_regex: { regex: 'auth[a-z]+' } }, { prefix: 'X-', ignore_case: true }] },
    },
  ],
  'escaped slashes that are redirected': [
    { put: [...http, 'path_with_escaped_slashes_action'], value: 'UNESCAPE_AND_REDIRECT' },
  ],
  'headers with underscores that are dropped': [
    { put: [...http, 'common_http_protocol_options', 'headers_with_underscores_action'], value: 'DROP_HEADER' },
  ],
  'an upgrade that is off': [
    { put: [...http, 'upgrade_configs'], value: [{ upgrade_type: 'websocket', enabled: false }] },
  ],
  'no admin interface': [{ put: ['admin'] }],
  'an admin interface on a socket': [{ put: ['admin', 'address'], value: { pipe: { path: '/run/envoy.sock' } } }],
  'TLS that a transport socket with statistics is around': [
    {
      put: [...mtls, 'transport_socket'],
      value: (transport_socket: object) => ({
        name: 'tcp_stats',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tcp_stats.v3.Config',
          transport_socket,
        },
      }),
    },
  ],
  'TLS 1.3 alone': [
    {
      put: [...mtlsContext, 'common_tls_context', 'tls_params', 'tls_minimum_protocol_version'],
      value: 'TLSv1_3',
    },
  ],
  'several processes with a socket each': [
    {
      put: [...serviceCluster, 'load_assignment', 'endpoints', 0, 'lb_endpoints'],
      value: ([first]: object[]) => [first, { endpoint: { address: { pipe: { path: '/run/devapp-authz/2.sock' } } } }],
    },
  ],
  'another name for the filter, here and in the routes': [
    { put: [...authzFilter, 'name'], value: 'authz' },
    {
      put: routes,
      value: (list: Record<string, Record<string, unknown>>[]) =>
        list.map((each) => ({ ...each, [`${override[0]}`]: { authz: each[`${override[0]}`]?.[`${override[1]}`] } })),
    },
  ],
  'a type that xds.type.v3.TypedStruct carries': [
    {
      put: authz,
      value: ({ '@type': type_url, ...value }: Record<string, unknown>) => ({
        '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
        ...{ type_url, value },
      }),
    },
  ],
}

describe("the audit of Envoy's configuration", () => {
  for (const [title, changes] of Object.entries(harmless))
    it(`has nothing against ${title}`, () => {
      const found = audited(bootstrapWith(...changes))
      expect(found.map(({ code, path, message }) => `${code} ${path} ${message}`)).to.deep.equal([])
    })

  it('lets a filter chain take any certificate behind which Envoy alone answers', () => {
    const answering = (chains: object[]) => {
      const copy = structuredClone(chains[mtls.at(-1) as number])
      const manager: Path = ['filters', 0, 'typed_config']
      const validation: Path = ['combined_validation_context', 'default_validation_context']
      const answer = { match: { prefix: '/' }, direct_response: { status: 404 } }
      if (copy === undefined) throw new Error('there is no mtls filter chain')
      put(copy, ['filter_chain_match', 'server_names'], ['welcome.example.com'])
      put(copy, [...manager, 'route_config', 'virtual_hosts', 0, 'routes'], [answer])
      put(copy, ['transport_socket', 'typed_config', 'require_client_certificate'], false)
      const context: Path = ['transport_socket', 'typed_config', 'common_tls_context', ...validation]
      put(copy, [...context, 'trust_chain_verification'], 'ACCEPT_UNTRUSTED')
      return [...chains, copy]
    }
    expect(audited(bootstrapWith({ put: mtls.slice(0, -1), value: answering }))).to.deep.equal([])
  })
})
