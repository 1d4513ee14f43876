import type { FilterChain, HttpConnections } from './gateway.ts'
import { matchesText } from './matcher.ts'
import type { Part } from './part.ts'
import { policyOf } from './routes.ts'
import { type Broken, brokenIf, type Rule, type Service } from './rule.ts'
import { acceptsUntrusted, filterChainsOf, gatesOf, trialsOf } from './scope.ts'
import { validationIn } from './validation.ts'

/** The hostname to try a certificate on, which lets everybody in: whether it leads nowhere, and tells what it is for. */
export const tryItRules: readonly Rule[] = [
  {
    code: 'try_reaches_upstream',
    severity: 'error',
    why: 'On this hostname every certificate is taken. Only that no route leads anywhere keeps strangers from the APIs.',
    cure: 'Let all routes answer by `direct_response`, as the filter chain `try` of envoy/envoy.yaml does.',
    broken: (gateway, service) => {
      const gates = gatesOf(gateway)
      return trialsOf(gateway, service)
        .filter((chain) => gates.includes(chain))
        .map(({ part }) => ({
          at: part.at('filters'),
          message: 'upstreams are behind a hostname to try a certificate on',
        }))
    },
  },
  {
    code: 'try_policy_elsewhere',
    severity: 'error',
    why: 'Whoever is let in with any certificate is judged by a policy for an API, or one of the APIs by a policy for trying certificates, under which nothing passes.',
    cure: 'Name a policy of `channel: try` where certificates are tried, and there only.',
    broken: (gateway, service) => {
      if (service === undefined) return []
      const trials = trialsOf(gateway, service)
      const gates = gatesOf(gateway)
      return filterChainsOf(gateway).flatMap((chain) =>
        policiesIn(chain).flatMap((policy) => {
          const channel = service.policies[policy.text ?? '']?.channel
          // Of untrusted certificates at the APIs themselves, another finding tells.
          const isForTrials = trials.includes(chain) || (acceptsUntrusted(chain) && !gates.includes(chain))
          const elsewhere = isForTrials ? channel !== 'try' : channel === 'try'
          return brokenIf(channel !== undefined && elsewhere, policy, `${policy.text} is a policy for ${channel}`)
        }),
      )
    },
  },
  {
    code: 'try_unanswered',
    severity: 'error',
    why: 'Nobody says what is wrong with the certificate: the service is not asked, or not by a policy for that.',
    cure: 'Take over the ext_authz filter and the route of the filter chain `try` from envoy/envoy.yaml.',
    broken: ofTrials(({ part, authorizers, routes, routeTable }) => [
      ...brokenIf(authorizers.length === 0, part.at('http_filters'), 'there is no ext_authz filter'),
      ...brokenIf(routes.length === 0, routeTable, 'there is no route'),
      ...routes.flatMap((route) =>
        authorizers.flatMap(({ name }) =>
          brokenIf(!policyOf(route, name)?.text, policyOf(route, name) ?? route.part, 'the route names no policy'),
        ),
      ),
    ]),
  },
  {
    code: 'try_certificate_refused',
    severity: 'error',
    why: 'Who has a certificate that is not in order is refused in the handshake, without a word, or never asked for it: those are whom the hostname is for.',
    cure: 'Take over the transport socket of the filter chain `try` from envoy/envoy.yaml.',
    broken: (gateway, service) =>
      trialsOf(gateway, service).flatMap((chain) => {
        const { tls, part } = chain
        if (tls === undefined) return brokenIf(true, part.at('transport_socket'), 'it takes connections without TLS')
        const { context, requiresClientCertificate } = tls
        const own = validationIn(context)?.own
        const verification =
          own?.at('trust_chain_verification') ?? context.at('common_tls_context', 'validation_context')
        return [
          ...brokenIf(
            requiresClientCertificate,
            context.at('require_client_certificate'),
            'a client certificate is demanded',
          ),
          ...brokenIf(!acceptsUntrusted(chain), verification, 'chains are verified, or no certificate is asked for'),
          ...(own === undefined
            ? []
            : brokenIf(
                !own.at('suppress_client_ca_list').isTrue,
                own.at('suppress_client_ca_list'),
                'clients choose a certificate by a list of CAs',
              )),
        ]
      }),
  },
  {
    code: 'try_chain_unknown',
    severity: 'error',
    why: 'The service learns the intermediate certificates that a client sent in no other way: it calls chains untrusted that are in order, or judges those that a client made up.',
    cure: 'Set `forward_client_cert_details: SANITIZE_SET` and `set_current_client_cert_details: { chain: true }`, here and nowhere else, and allow x-forwarded-client-cert to the service.',
    broken: ofTrials(({ part, authorizers }) => {
      const details = part.at('forward_client_cert_details')
      const chain = part.at('set_current_client_cert_details', 'chain')
      return [
        ...brokenIf(!isSanitizedAndSet(details), details, "x-forwarded-client-cert is not Envoy's own"),
        ...brokenIf(!chain.isTrue, chain, 'it lacks the chain'),
        ...authorizers.flatMap(({ config }) => withheld(config.at('allowed_headers'), 'x-forwarded-client-cert')),
      ]
    }),
  },
]

function ofTrials(broken: (http: HttpConnections, service: Service | undefined) => readonly Broken[]): Rule['broken'] {
  return (gateway, service) =>
    trialsOf(gateway, service).flatMap(({ http }) => http.flatMap((each) => broken(each, service)))
}

function policiesIn({ http }: FilterChain): readonly Part[] {
  return http.flatMap(({ routes, authorizers }) =>
    routes.flatMap((route) => authorizers.flatMap(({ name }) => policyOf(route, name) ?? [])),
  )
}

const isSanitizedAndSet = (details: Part): boolean =>
  details.oneOf(['SANITIZE', 'FORWARD_ONLY', 'APPEND_FORWARD', 'SANITIZE_SET', 'ALWAYS_FORWARD_ONLY']) ===
  'SANITIZE_SET'

function withheld(allowed: Part, name: string): readonly Broken[] {
  const patterns = allowed.at('patterns').items()
  return brokenIf(
    allowed.exists && !patterns.some((pattern) => matchesText(pattern, name)),
    allowed,
    `the service is not sent ${name}`,
  )
}
