import { type Mutation, mtls, override, route, tried } from './fixture.ts'

const context = [...tried, 'transport_socket', 'typed_config']
const validation = [...context, 'common_tls_context', 'validation_context']
const http = [...tried, 'filters', 0, 'typed_config']
const ownRoute = [...http, 'route_config', 'virtual_hosts', 0, 'routes', 0]
const policy = [...override, 'check_settings', 'context_extensions', 'policy']
const authz = [...http, 'http_filters', 0, 'typed_config']

export const tryItMutations: readonly Mutation[] = [
  {
    ...{ code: 'try_reaches_upstream', title: 'a route leads to an API', put: ownRoute },
    value: ({ direct_response: _, ...others }: Record<string, unknown>) => ({
      ...others,
      route: { cluster: 'upstream' },
    }),
    found: [...tried, 'filters'],
    also: ['ambiguous_paths_kept', 'untrusted_accepted', 'xfcc_set'],
  },
  {
    ...{
      code: 'try_reaches_upstream',
      title: 'an API is served on the name too',
      put: [...mtls, 'filter_chain_match'],
    },
    value: { server_names: ['api.example.com', 'try.example.com'] },
    found: [...mtls, 'filters'],
    also: ['try_policy_elsewhere', 'try_certificate_refused', 'try_chain_unknown'],
  },
  {
    ...{
      code: 'try_policy_elsewhere',
      title: 'a policy of an API is met with any certificate',
      put: [...ownRoute, ...policy],
    },
    value: 'data',
    also: ['policy_channel'],
  },
  {
    ...{ code: 'try_policy_elsewhere', title: 'an API has the policy', put: [...route, ...policy], value: 'try' },
    also: ['policy_channel'],
  },
  {
    ...{ code: 'try_unanswered', title: 'the service is not asked', put: [...http, 'http_filters'] },
    value: (filters: unknown[]) => filters.slice(1),
  },
  {
    ...{ code: 'try_unanswered', title: 'the route names no policy', put: [...ownRoute, 'typed_per_filter_config'] },
    found: ownRoute,
  },
  {
    ...{
      code: 'try_unanswered',
      title: 'there is no route',
      put: [...http, 'route_config', 'virtual_hosts'],
      value: [],
    },
    found: [...http, 'route_config'],
  },
  {
    ...{ code: 'try_certificate_refused', title: 'chains are verified' },
    put: [...validation, 'trust_chain_verification'],
  },
  { code: 'try_certificate_refused', title: 'none is asked for', put: validation },
  {
    ...{ code: 'try_certificate_refused', title: 'one is demanded', value: true },
    put: [...context, 'require_client_certificate'],
  },
  { code: 'try_certificate_refused', title: 'a list of CAs is sent', put: [...validation, 'suppress_client_ca_list'] },
  { code: 'try_certificate_refused', title: 'there is no TLS', put: [...tried, 'transport_socket'] },
  {
    ...{ code: 'try_chain_unknown', title: 'the chain is left out', value: { cert: true } },
    put: [...http, 'set_current_client_cert_details'],
    found: [...http, 'set_current_client_cert_details', 'chain'],
  },
  ...['SANITIZE', 'APPEND_FORWARD', undefined].map((value) => ({
    ...{ code: 'try_chain_unknown', title: `${value}`, put: [...http, 'forward_client_cert_details'], value },
  })),
  {
    ...{
      code: 'try_chain_unknown',
      title: 'the service is not sent it',
      put: [...authz, 'allowed_headers', 'patterns'],
    },
    value: (patterns: { exact: string }[]) => patterns.filter(({ exact }) => exact !== 'x-forwarded-client-cert'),
    found: [...authz, 'allowed_headers'],
  },
]
