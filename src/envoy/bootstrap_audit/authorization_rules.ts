import { configSchema } from '../../config/schema.ts'
import type { Part } from './part.ts'
import { overrideIn } from './routes.ts'
import { brokenIf, type Rule } from './rule.ts'
import { authorizersOf, checkSettingsOf, eachRoute, httpOf, ofAuthorizer, questionsOf } from './scope.ts'

/** Whether every request is asked about, and what happens when the service gives no answer. */
export const authorizationRules: readonly Rule[] = [
  {
    code: 'ext_authz_missing',
    severity: 'error',
    why: 'Requests reach the upstream without anybody having asked the service.',
    cure: 'Put the ext_authz filter of envoy/envoy.yaml before the router.',
    broken: (gateway) =>
      httpOf(gateway).flatMap(({ part, authorizers }) =>
        brokenIf(authorizers.length === 0, part.at('http_filters'), 'there is no ext_authz filter'),
      ),
  },
  {
    code: 'ext_authz_disabled',
    severity: 'error',
    why: 'A filter that is off asks nobody: requests pass unless something switches it on again.',
    cure: 'Remove `disabled: true`. A route that nobody may call is left out; an open one names a policy that requires nothing.',
    broken: (gateway) => [
      ...authorizersOf(gateway).flatMap(({ part }) =>
        brokenIf(part.at('disabled').isTrue, part.at('disabled'), 'the ext_authz filter is off'),
      ),
      ...eachRoute(gateway, (route, { name }) =>
        route.scopes.flatMap((scope) => {
          const { disabled, config } = overrideIn(scope, name)
          return [disabled, config.at('disabled')].flatMap((flag) =>
            flag === undefined ? [] : brokenIf(flag.isTrue, flag, 'ext_authz is off for these requests'),
          )
        }),
      ),
    ],
  },
  {
    code: 'ext_authz_sampled',
    severity: 'error',
    why: 'The filter asks about a part of the requests. The others pass, or are refused unseen with `deny_at_disable`.',
    cure: 'Remove `filter_enabled` and `filter_enabled_metadata`.',
    broken: (gateway) =>
      authorizersOf(gateway).flatMap(({ config }) => {
        const enabled = config.at('filter_enabled')
        const byMetadata = config.at('filter_enabled_metadata')
        const lowered = enabled.at('runtime_key').text !== undefined
        return [
          ...brokenIf(
            enabled.exists && (lowered || fractionOf(enabled.at('default_value')) < 1),
            enabled,
            lowered
              ? 'the runtime may lower the part of the requests that it asks about'
              : 'it asks about a part of the requests',
          ),
          ...brokenIf(byMetadata.exists, byMetadata, 'whether it asks depends on metadata'),
        ]
      }),
  },
  {
    code: 'failure_mode_allow',
    severity: 'error',
    why: 'Requests pass when the service is down, stalls or fails. Whoever can overload it is let in.',
    cure: 'Set `failure_mode_allow: false`, and remove `failure_mode_allow_header_add`.',
    broken: ofAuthorizer((config) => [
      ...brokenIf(
        config.at('failure_mode_allow').isTrue,
        config.at('failure_mode_allow'),
        'a failure of the service lets requests pass',
      ),
      ...brokenIf(
        config.at('failure_mode_allow_header_add').isTrue,
        config.at('failure_mode_allow_header_add'),
        'requests are meant to pass when the service fails',
      ),
    ]),
  },
  {
    code: 'status_on_error',
    severity: 'error',
    why: 'Without it, an outage of the service looks to callers like a refusal: 403. They give up, and nobody is woken.',
    cure: 'Set `status_on_error: { code: ServiceUnavailable }`.',
    broken: ofAuthorizer((config) => {
      const code = config.at('status_on_error', 'code')
      const message = code.exists
        ? `a failure of the service is answered as if it were none`
        : 'a failure of the service is answered 403'
      return brokenIf(!isServerError(code), code, message)
    }),
  },
  {
    code: 'ext_authz_http',
    severity: 'error',
    why: 'The service speaks gRPC. Over HTTP, neither the client certificate nor the SNI would arrive.',
    cure: 'Replace `http_service` by `grpc_service`, with the cluster of the service.',
    broken: (gateway) => [
      ...[...authorizersOf(gateway).map(({ config }) => config), ...checkSettingsOf(gateway)]
        .map((settings) => settings.at('http_service'))
        .flatMap((service) => brokenIf(service.exists, service, 'the service is asked over HTTP')),
      ...authorizersOf(gateway).flatMap(({ config }) =>
        brokenIf(
          !config.at('http_service').exists && !config.at('grpc_service').exists,
          config.at('grpc_service'),
          'nothing says which service is asked',
        ),
      ),
    ],
  },
  {
    code: 'ext_authz_transport',
    severity: 'error',
    why: 'The service speaks version 3 of the protocol alone, and Envoy has no other.',
    cure: 'Set `transport_api_version: V3`.',
    broken: ofAuthorizer((config) => {
      const version = config.at('transport_api_version')
      return brokenIf(version.oneOf(['AUTO', 'V2', 'V3']) !== 'V3', version, 'the version is not V3')
    }),
  },
  {
    code: 'peer_certificate_missing',
    severity: 'error',
    why: 'The service never sees a client certificate, and refuses whoever needs one (`cert_missing`).',
    cure: 'Set `include_peer_certificate: true`.',
    broken: ofAuthorizer((config) => {
      const included = config.at('include_peer_certificate')
      return brokenIf(!included.isTrue, included, 'the client certificate is not handed over')
    }),
  },
  {
    code: 'tls_session_missing',
    severity: 'error',
    why: 'The service does not learn the SNI, so that it cannot tell the two kinds of hostname apart, and refuses everybody.',
    cure: 'Set `include_tls_session: true`.',
    broken: ofAuthorizer((config) => {
      const included = config.at('include_tls_session')
      return brokenIf(!included.isTrue, included, 'the TLS session is not handed over')
    }),
  },
  {
    code: 'ext_authz_timeout',
    severity: 'error',
    why: "Envoy answers before the service does. The default of 200 ms is shorter than an OCSP responder's answer.",
    cure: "Set the `timeout` of `grpc_service` above the service's `deadline`, such as 2s for the default of 1500ms.",
    broken: (gateway, service) =>
      questionsOf(gateway).flatMap((grpcService) => {
        const timeout = grpcService.at('timeout')
        const ms = timeout.milliseconds
        if (ms === undefined) return brokenIf(true, timeout, 'it is the default of 200 ms')
        if (ms <= 0) return brokenIf(true, timeout, 'there is no end to waiting')
        const deadline = service?.deadline ?? defaultDeadlineMs
        const whose = service === undefined ? "the service's default deadline" : "the service's deadline"
        return brokenIf(ms <= deadline, timeout, `${ms} ms are not above ${whose} of ${deadline} ms`)
      }),
  },
]

/** What the service's configuration means by saying nothing. */
const defaultDeadlineMs = configSchema.shape.deadline.parse(undefined)

const denominators: Readonly<Record<string, number>> = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }

function fractionOf(percent: Part): number {
  const denominator = percent.at('denominator').oneOf(['HUNDRED', 'TEN_THOUSAND', 'MILLION'])
  return (percent.at('numerator').number ?? 0) / (denominators[denominator] ?? Number.POSITIVE_INFINITY)
}

/** Of envoy.type.v3.StatusCode, which names 500 to 511. */
const serverErrors = [
  ...['InternalServerError', 'NotImplemented', 'BadGateway', 'ServiceUnavailable', 'GatewayTimeout'],
  ...['HTTPVersionNotSupported', 'VariantAlsoNegotiates', 'InsufficientStorage', 'LoopDetected', 'NotExtended'],
  'NetworkAuthenticationRequired',
]

function isServerError(code: Part): boolean {
  const number = code.number
  return number === undefined ? serverErrors.includes(code.text ?? '') : number >= 500 && number <= 599
}
