import { concatenatedHeader } from '../../signing/concatenated.ts'
import { contentDigestHeader } from '../../signing/content_digest.ts'
import { signatureHeader, signatureInputHeader } from '../../signing/signature_fields.ts'
import { partialBodyHeader } from '../signed_parts.ts'
import type { Extension } from './extension.ts'
import { removalsIn } from './header_rules.ts'
import { matchesText } from './matcher.ts'
import type { Part } from './part.ts'
import { overrideIn, policyOf, type Route } from './routes.ts'
import { brokenIf, type Rule, type Service } from './rule.ts'
import { authorizersOf, checkSettingsOf, eachRoute, httpOf } from './scope.ts'

/** Whether the service is sent bodies exactly where a policy needs them, and what tells it that they are whole. */
export const signedBodyRules: readonly Rule[] = [
  {
    code: 'service_sent_bodies',
    severity: 'error',
    why: 'Envoy holds each request until its body is there, also those that will be refused, and answers longer ones with 413. Only policies with `signature` read one.',
    cure: 'Set `disable_request_body_buffering: true` in the `check_settings` of every other route. Where no policy has `signature`, remove `with_request_body`.',
    broken: (gateway, service) => {
      if (service === undefined) return []
      if (!Object.values(service.policies).some(isSigned))
        return authorizersOf(gateway).flatMap(({ config }) =>
          brokenIf(bodiesOf(config).exists, bodiesOf(config), 'the service is sent bodies, and no policy reads one'),
        )
      return eachRoute(gateway, (route, authorizer) => {
        const settings = settingsOf(route, authorizer)
        const isNeedless = !isSigned(policyIn(route, authorizer, service)) && policyIn(route, authorizer, service)
        const place = settings?.at('disable_request_body_buffering') ?? route.part
        return brokenIf(
          Boolean(isNeedless) && bodiesOf(authorizer.config).exists && !isOff(settings),
          place,
          'the service is sent bodies for a policy without signature',
        )
      })
    },
  },
  {
    code: 'signed_body_missing',
    severity: 'error',
    why: 'The service does not get the body that a signature covers, and refuses what has one (`internal_error`, `body_too_large`).',
    cure: 'Set `with_request_body: { max_request_bytes: N, pack_as_bytes: true }` at the ext_authz filter, with at least `signature.max_body`, and leave it on for routes whose policy has `signature`.',
    broken: (gateway, service) =>
      service === undefined
        ? []
        : eachRoute(gateway, (route, authorizer) => {
            const policy = policyIn(route, authorizer, service)
            const settings = settingsOf(route, authorizer)
            const bodies = bodiesOf(authorizer.config)
            if (policy?.signature === undefined) return []
            if (!bodies.exists) return brokenIf(true, bodies, 'no bodies are sent, and a policy has signature')
            const [packed, max] = [bodies.at('pack_as_bytes'), bodies.at('max_request_bytes')]
            const needed = policy.signature.max_body
            return [
              ...brokenIf(
                isOff(settings),
                settings?.at('disable_request_body_buffering') ?? route.part,
                'the body stays behind, and the policy has signature',
              ),
              ...brokenIf(!packed.isTrue, packed, 'bodies are sent as text, which loses what is no UTF-8'),
              ...brokenIf(
                (max.number ?? 0) < needed,
                max,
                `bodies of up to ${needed} bytes are allowed by signature.max_body`,
              ),
            ]
          }),
  },
  {
    code: 'body_cut',
    severity: 'error',
    why: 'With `allow_partial_message` the service gets the beginning of a long body, and the upstream all of it. What a route says in `with_request_body` loses `pack_as_bytes`, which Envoy takes from the filter alone.',
    cure: 'Remove `allow_partial_message`, and `with_request_body` from routes.',
    broken: (gateway) => [
      ...authorizersOf(gateway).flatMap(({ config }) => {
        const partial = bodiesOf(config).at('allow_partial_message')
        return brokenIf(partial.isTrue, partial, 'the service is sent parts of bodies')
      }),
      ...checkSettingsOf(gateway).flatMap((settings) => {
        const own = settings.at('with_request_body')
        return brokenIf(own.exists, own, 'a route sends bodies in its own way')
      }),
    ],
  },
  {
    code: 'partial_body_kept',
    severity: 'error',
    why: "Envoy says by `x-envoy-auth-partial-body` whether it handed over the whole body. A client's own could say so of a body that was not.",
    cure: 'Remove it by `early_header_mutation_extensions`, as envoy/envoy.yaml does, and leave it out of `allowed_headers`.',
    broken: (gateway) =>
      httpOf(gateway).flatMap((http) => {
        const removals = removalsIn(http)
        if (removals.some((removes) => removes(partialBodyHeader))) return []
        const sends = http.authorizers.some(({ config }) => bodiesOf(config).exists)
        const place = http.part.at('early_header_mutation_extensions')
        return [
          ...brokenIf(sends, place, `${partialBodyHeader} of a client is kept`),
          ...http.authorizers.flatMap(({ config }) =>
            config
              .at('allowed_headers', 'patterns')
              .items()
              .flatMap((pattern) =>
                brokenIf(
                  !sends && matchesText(pattern, partialBodyHeader),
                  pattern,
                  `${partialBodyHeader} of a client is sent to the service`,
                ),
              ),
          ),
        ]
      }),
  },
  {
    code: 'signature_starved',
    severity: 'error',
    why: 'A header that a signature is in, or covers, does not arrive at the service: signed requests are refused (`signature_missing`, `signature_invalid`).',
    cure: 'Let `allowed_headers` name it.',
    broken: (gateway, service) =>
      service === undefined
        ? []
        : eachRoute(gateway, (route, authorizer) => {
            const signature = policyIn(route, authorizer, service)?.signature
            const allowed = authorizer.config.at('allowed_headers')
            const patterns = allowed.at('patterns').items()
            const needed = signature === undefined ? [] : headersFor(signature)
            const missing = needed.filter((name) => !patterns.some((pattern) => matchesText(pattern, name)))
            return brokenIf(allowed.exists && missing.length > 0, allowed, `it lacks ${missing.join(', ')}`)
          }),
  },
]

type PolicyOfService = Service['policies'][string]

const isSigned = (policy: PolicyOfService | undefined): boolean => policy?.signature !== undefined
const bodiesOf = (config: Part): Part => config.at('with_request_body')

/** Of what a route says itself, or what holds it. */
function settingsOf({ scopes }: Route, { name }: Extension): Part | undefined {
  return scopes.map((scope) => overrideIn(scope, name).config.at('check_settings')).findLast(({ exists }) => exists)
}

const isOff = (settings: Part | undefined): boolean => settings?.at('disable_request_body_buffering').isTrue === true

function policyIn(route: Route, { name }: Extension, { policies }: Service): PolicyOfService | undefined {
  const named = policyOf(route, name)?.text ?? ''
  return Object.hasOwn(policies, named) ? policies[named] : undefined
}

/** By those that tell of a body the service notices one that was not handed over. */
function headersFor({ profile, headers }: NonNullable<PolicyOfService['signature']>): readonly string[] {
  const own =
    profile === 'concatenated'
      ? [concatenatedHeader]
      : [signatureInputHeader, signatureHeader, contentDigestHeader, ...headers]
  return [...own, 'content-length', 'transfer-encoding']
}
