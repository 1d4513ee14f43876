import { upstreamHeaders } from '../identity_headers.ts'
import { typed } from './extension.ts'
import type { HttpConnections } from './gateway.ts'
import { matchesText } from './matcher.ts'
import type { Part } from './part.ts'
import { type Broken, brokenIf, type Rule } from './rule.ts'
import { ofHttp, routesOf } from './scope.ts'

/** Whether the upstream can believe the headers that say who calls. */
export const headerRules: readonly Rule[] = [
  {
    code: 'identity_headers_kept',
    severity: 'error',
    why: 'A client says itself who it is, wherever the service does not overwrite the header.',
    cure: 'Remove them by `early_header_mutation_extensions`, as envoy/envoy.yaml does.',
    broken: ofHttp((http) => {
      const removals = removalsIn(http)
      const kept = upstreamHeaders.filter((name) => !removals.some((removes) => removes(name)))
      const place = http.part.at('early_header_mutation_extensions')
      return brokenIf(kept.length > 0, place, `${kept.join(', ')} of a client reach the upstream`)
    }),
  },
  {
    code: 'identity_headers_overwritten',
    severity: 'error',
    why: 'It happens after the service has set the header: the upstream gets another identity, or none.',
    cure: 'Leave the identity headers to the service: remove them from `request_headers_to_add` and `request_headers_to_remove`.',
    broken: (gateway) =>
      routesOf(gateway).flatMap(({ scopes }) =>
        scopes.flatMap((scope) => [
          ...scope
            .at('request_headers_to_remove')
            .items()
            .flatMap((name) => ofIdentity(name, name, 'removed')),
          ...scope
            .at('request_headers_to_add')
            .items()
            .flatMap((added) => ofIdentity(added.at('header', 'key'), added, 'set')),
        ]),
      ),
  },
  {
    code: 'xfcc_not_sanitized',
    severity: 'error',
    why: "A client's own `x-forwarded-client-cert` reaches the upstream: it can claim any certificate.",
    cure: 'Set `forward_client_cert_details: SANITIZE`.',
    broken: ofHttp(({ part }) => {
      const details = part.at('forward_client_cert_details')
      const sanitized = ['SANITIZE', 'SANITIZE_SET'].includes(details.oneOf(xfccDetails))
      return brokenIf(!sanitized, details, 'x-forwarded-client-cert of a client is not removed')
    }),
  },
  {
    code: 'xfcc_set',
    severity: 'warning',
    why: 'The certificate goes to the service a second time, which costs about a fifth of the throughput. The upstream is told the caller by the identity headers.',
    cure: 'Set `forward_client_cert_details: SANITIZE`, and remove `set_current_client_cert_details`.',
    broken: ofHttp(({ part }) => {
      const details = part.at('forward_client_cert_details')
      const current = part.at('set_current_client_cert_details')
      return [
        ...brokenIf(details.oneOf(xfccDetails) === 'SANITIZE_SET', details, 'Envoy sets x-forwarded-client-cert'),
        ...brokenIf(current.exists, current, 'the certificate is put into x-forwarded-client-cert'),
      ]
    }),
  },
  {
    code: 'underscores_allowed',
    severity: 'error',
    why: 'Many servers read `x_devapp_id` as `x-devapp-id`: a client says itself who it is.',
    cure: 'Set `headers_with_underscores_action: REJECT_REQUEST` in `common_http_protocol_options`.',
    broken: ofHttp(({ part }) => {
      const action = part.at('common_http_protocol_options', 'headers_with_underscores_action')
      const allowed = action.oneOf(['ALLOW', 'REJECT_REQUEST', 'DROP_HEADER']) === 'ALLOW'
      return brokenIf(allowed, action, 'headers with underscores pass')
    }),
  },
]

const xfccDetails = ['SANITIZE', 'FORWARD_ONLY', 'APPEND_FORWARD', 'SANITIZE_SET', 'ALWAYS_FORWARD_ONLY'] as const

const isIdentity = (name: string): boolean => upstreamHeaders.some((header) => header === name.toLowerCase())

function ofIdentity(name: Part, at: Part, done: string): readonly Broken[] {
  return brokenIf(isIdentity(name.text ?? ''), at, `${name.text} is ${done} after the service has set it`)
}

/** What takes headers away before the service sets them: early mutations, and header_mutation before ext_authz. */
export function removalsIn({
  part,
  httpFilters,
  authorizers,
}: HttpConnections): readonly ((name: string) => boolean)[] {
  const [first] = authorizers
  const before = httpFilters.slice(0, first === undefined ? 0 : httpFilters.indexOf(first))
  const early = part
    .at('early_header_mutation_extensions')
    .items()
    .map((extension) => typed(extension.at('typed_config')).config.at('mutations'))
  const byFilters = before
    .filter(({ kind }) => kind === 'header_mutation')
    .map(({ config }) => config.at('mutations', 'request_mutations'))
  return [...early, ...byFilters].flatMap((mutations) => mutations.items().map(removalOf))
}

function removalOf(mutation: Part): (name: string) => boolean {
  const matcher = mutation.at('remove_on_match', 'key_matcher')
  const removed = mutation.at('remove').text?.toLowerCase()
  return (name) => name === removed || (matcher.exists && matchesText(matcher, name))
}
