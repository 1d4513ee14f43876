import type { HttpConnections } from './gateway.ts'
import { brokenIf, type Rule } from './rule.ts'
import { ofHttp } from './scope.ts'

/** Whether Envoy is the edge: one reading of a path, and nothing believed that a client says about itself. */
export const clientRules: readonly Rule[] = [
  {
    code: 'path_not_normalized',
    severity: 'error',
    why: 'The route of `/open/../accounts` is that of `/open`, and the upstream serves `/accounts`.',
    cure: 'Set `normalize_path: true`.',
    broken: ofHttp(({ part }) => {
      const normalized = part.at('normalize_path')
      return brokenIf(!normalized.isTrue, normalized, 'dot segments are left as they are')
    }),
  },
  {
    code: 'slashes_not_merged',
    severity: 'error',
    why: 'The route of `//accounts` may be another one than that of `/accounts`, which the upstream serves.',
    cure: 'Set `merge_slashes: true`.',
    broken: ofHttp(({ part }) => {
      const merged = part.at('merge_slashes')
      return brokenIf(!merged.isTrue, merged, 'slashes in a row are left as they are')
    }),
  },
  {
    code: 'escaped_slashes_kept',
    severity: 'error',
    why: 'The route of `/open%2f..%2faccounts` is that of `/open`, and the upstream may decode it to another path.',
    cure: 'Set `path_with_escaped_slashes_action: REJECT_REQUEST`.',
    broken: ofHttp(({ part }) => {
      const action = part.at('path_with_escaped_slashes_action')
      const kept = ['IMPLEMENTATION_SPECIFIC_DEFAULT', 'KEEP_UNCHANGED'].includes(action.oneOf(escapedSlashesActions))
      return brokenIf(kept, action, 'escaped slashes are left as they are')
    }),
  },
  {
    code: 'ambiguous_paths_kept',
    severity: 'warning',
    why: 'The route of `/open/%2e%2e;/accounts` or `/open/%252e%252e/accounts` is that of `/open`, and an upstream that drops path parameters or decodes twice serves `/accounts`.',
    cure: 'Take over the filter `envoy.filters.http.rbac` from envoy/envoy.yaml, which refuses such paths.',
    broken: ofHttp((http) =>
      brokenIf(
        !refusesByPath(http),
        http.part.at('http_filters'),
        'no filter refuses paths that servers read differently',
      ),
    ),
  },
  {
    code: 'remote_address_believed',
    severity: 'error',
    why: "A client's own x-forwarded-for, x-forwarded-proto, x-request-id and x-envoy-* are believed.",
    cure: 'Set `use_remote_address: true`.',
    broken: ofHttp(({ part }) => {
      const used = part.at('use_remote_address')
      return brokenIf(!used.isTrue, used, 'the address that a client names is taken for its own')
    }),
  },
  {
    code: 'trusted_hops',
    severity: 'warning',
    why: 'That many addresses of x-forwarded-for are believed. Without exactly as many proxies before Envoy, a client chooses its address.',
    cure: 'Remove `xff_num_trusted_hops`, unless as many proxies of yours stand before Envoy and nobody else reaches it.',
    broken: ofHttp(({ part }) => {
      const hops = part.at('xff_num_trusted_hops')
      return brokenIf((hops.number ?? 0) > 0, hops, `${hops.number} proxies before Envoy are believed`)
    }),
  },
  {
    code: 'internal_addresses',
    severity: 'warning',
    why: 'Clients on internal addresses keep their x-envoy-* headers and x-request-id. Without a list, every private address may count as internal.',
    cure: 'Set `internal_address_config` as envoy/envoy.yaml does: to the discard prefix 100::/64, in which nobody is.',
    broken: ofHttp(({ part }) => {
      const config = part.at('internal_address_config')
      const prefixes = config
        .at('cidr_ranges')
        .items()
        .map((range) => range.at('address_prefix').text ?? '')
      const nobody = prefixes.length > 0 && prefixes.every((prefix) => /^100::(?!.*:.*:.)/.test(prefix))
      return brokenIf(!nobody || config.at('unix_sockets').isTrue, config, 'some clients count as internal')
    }),
  },
  {
    code: 'request_id_kept',
    severity: 'warning',
    why: 'A client chooses the id that its requests have in all logs, and can take that of another.',
    cure: 'Set `preserve_external_request_id: false`.',
    broken: ofHttp(({ part }) => {
      const kept = part.at('preserve_external_request_id')
      return brokenIf(kept.isTrue, kept, 'x-request-id of a client is kept')
    }),
  },
  {
    code: 'http_10_accepted',
    severity: 'warning',
    why: 'HTTP/1.0 knows no Host: Envoy fills one in, by which the service then judges.',
    cure: 'Remove `accept_http_10`.',
    broken: ofHttp(({ part }) => {
      const accepted = part.at('http_protocol_options', 'accept_http_10')
      return brokenIf(accepted.isTrue, accepted, 'HTTP/1.0 is accepted')
    }),
  },
  {
    code: 'local_replies_plain',
    severity: 'warning',
    why: "Envoy's own refusals are plain text, without the code by which callers tell them apart.",
    cure: 'Take over `local_reply_config` from envoy/envoy.yaml.',
    broken: ofHttp(({ part }) => {
      const replies = part.at('local_reply_config')
      return brokenIf(!replies.exists, replies, "Envoy's own answers have no form")
    }),
  },
]

/** Whether a filter refuses requests by their path. Which paths, it does not judge. */
function refusesByPath({ httpFilters }: HttpConnections): boolean {
  return httpFilters.some(({ kind, config }) => {
    const rules = config.at('rules')
    if (kind !== 'rbac' || rules.at('action').oneOf(['ALLOW', 'DENY', 'LOG']) !== 'DENY') return false
    const permissions = rules
      .at('policies')
      .entries()
      .flatMap(([, policy]) => policy.at('permissions').items())
    return permissions.some((permission) => permission.at('url_path').exists)
  })
}

const escapedSlashesActions = [
  ...['IMPLEMENTATION_SPECIFIC_DEFAULT', 'KEEP_UNCHANGED', 'REJECT_REQUEST', 'UNESCAPE_AND_REDIRECT'],
  'UNESCAPE_AND_FORWARD',
] as const
