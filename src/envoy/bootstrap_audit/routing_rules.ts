import type { Extension } from './extension.ts'
import type { HttpConnections } from './gateway.ts'
import { brokenIf, type Rule } from './rule.ts'
import { authorizersOf, ofHttp, routesOf } from './scope.ts'

/** Whether a request goes where its policy was checked for. */
export const routingRules: readonly Rule[] = [
  {
    code: 'route_changed_after',
    severity: 'error',
    why: 'A filter after ext_authz may change what the route was chosen by, or choose it anew: the request goes another way than the one whose policy was checked.',
    cure: 'Move the filter before ext_authz, or do without it.',
    broken: ofHttp((http) => [
      ...filtersAfter(http).flatMap(({ kind, part, config }) => {
        if (kind !== 'jwt_authn') return brokenIf(reroutingFilters.has(kind), part, `${kind} runs after ext_authz`)
        return config
          .at('providers')
          .entries()
          .map(([, provider]) => provider.at('clear_route_cache'))
          .flatMap((clears) => brokenIf(clears.isTrue, clears, 'the route is chosen anew after ext_authz'))
      }),
    ]),
  },
  {
    code: 'clear_route_cache',
    severity: 'error',
    why: 'The headers that an allowed request gets choose its route anew: it may be one whose policy nobody checked.',
    cure: 'Remove `clear_route_cache` from the ext_authz filter.',
    broken: (gateway) =>
      authorizersOf(gateway).flatMap(({ config }) => {
        const clears = config.at('clear_route_cache')
        return brokenIf(clears.isTrue, clears, 'ext_authz clears the route cache')
      }),
  },
  {
    code: 'internal_redirect',
    severity: 'error',
    why: 'An upstream that redirects sends the request to another route, under a policy that nobody checked it against.',
    cure: 'Remove `internal_redirect_policy`: let callers follow redirects themselves.',
    broken: (gateway) =>
      routesOf(gateway).flatMap(({ action }) => {
        if (action === undefined) return []
        const policy = action.at('internal_redirect_policy')
        const handled = action.at('internal_redirect_action')
        return [
          ...brokenIf(policy.exists, policy, 'Envoy follows redirects'),
          ...brokenIf(
            handled.oneOf(redirectActions) === 'HANDLE_INTERNAL_REDIRECT',
            handled,
            'Envoy follows redirects',
          ),
        ]
      }),
  },
  {
    code: 'cluster_by_request',
    severity: 'error',
    why: 'The policy belongs to the route, but a header or a plug-in chooses the upstream: a caller may reach one that another policy guards.',
    cure: 'Name the cluster in the route, and match by the header where that is meant.',
    broken: (gateway) =>
      routesOf(gateway).flatMap(({ part, action }) =>
        [
          action?.at('cluster_header'),
          action?.at('cluster_specifier_plugin'),
          action?.at('inline_cluster_specifier_plugin'),
          part.at('cluster_header'),
        ].flatMap((chooser) =>
          chooser === undefined ? [] : brokenIf(chooser.exists, chooser, 'the request chooses the upstream'),
        ),
      ),
  },
  {
    code: 'request_mirrored',
    severity: 'warning',
    why: 'A second cluster gets a copy of each request, credentials and the identity of its caller included.',
    cure: 'Remove `request_mirror_policies`, or see to it that the cluster may know all of that.',
    broken: (gateway) =>
      routesOf(gateway).flatMap(({ action, scopes }) =>
        [...scopes.slice(0, 2), ...(action === undefined ? [] : [action])]
          .map((scope) => scope.at('request_mirror_policies'))
          .flatMap((mirrors) => brokenIf(mirrors.items().length > 0, mirrors, 'requests are copied')),
      ),
  },
]

/** By kind: each can change headers, path, metadata or the route cache, or pick the upstream. */
const reroutingFilters: ReadonlySet<string> = new Set([
  ...['lua', 'wasm', 'golang', 'dynamic_modules', 'ext_proc', 'composite', 'match_delegate'],
  ...['header_mutation', 'header_to_metadata', 'json_to_metadata', 'payload_to_metadata', 'set_metadata'],
  ...['set_filter_state', 'original_src', 'original_dst', 'ip_tagging', 'geoip', 'transform', 'rewrite'],
  ...['grpc_json_transcoder', 'dynamic_forward_proxy', 'proto_message_extraction', 'mcp_router'],
])

const redirectActions = ['PASS_THROUGH_INTERNAL_REDIRECT', 'HANDLE_INTERNAL_REDIRECT'] as const

function filtersAfter({ httpFilters, authorizers }: HttpConnections): readonly Extension[] {
  const [first] = authorizers
  return first === undefined ? [] : httpFilters.slice(httpFilters.indexOf(first) + 1)
}
