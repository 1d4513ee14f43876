import type { Gateway } from './gateway.ts'
import type { Part } from './part.ts'
import { policyOf, type Route } from './routes.ts'
import { type Broken, brokenIf, type Rule, type Service } from './rule.ts'
import { channelsOf, eachRoute, filterChainsOf } from './scope.ts'

/** Whether each route names a policy that its requests can meet. */
export const policyRules: readonly Rule[] = [
  {
    code: 'policy_missing',
    severity: 'error',
    why: 'The service denies every request whose route names no policy (`policy_unknown`).',
    cure: 'Name one in `check_settings: { context_extensions: { policy: NAME } }` of the route, under the name of the ext_authz filter.',
    broken: (gateway) =>
      eachRoute(gateway, (route, { name }) =>
        brokenIf(!policyOf(route, name)?.text, policyOf(route, name) ?? route.part, 'the route names no policy'),
      ),
  },
  {
    code: 'policy_unknown',
    severity: 'error',
    why: 'The service denies every request whose route names a policy that it does not have (`policy_unknown`).',
    cure: "Correct the name, or add the policy to the service's configuration.",
    broken: (gateway, service) =>
      service === undefined
        ? []
        : namedPolicies(gateway, service).flatMap(({ policy, name }) =>
            brokenIf(!Object.hasOwn(service.policies, name), policy, `there is no policy ${JSON.stringify(name)}`),
          ),
  },
  {
    code: 'policy_channel',
    severity: 'error',
    why: 'The policy is for the other kind of hostname, where the API has no route: the service answers everybody with 421 and sends them to a hostname that answers 404.',
    cure: 'Let both filter chains share one route table, as envoy/envoy.yaml does, or name a policy of this channel.',
    broken: (gateway, service) => (service === undefined ? [] : unreachable(gateway, service)),
  },
]

interface NamedPolicy {
  readonly policy: Part
  readonly name: string
  /** What makes a route the same API on another hostname. */
  readonly api: string
  /** Those of the hostnames that the route is on. */
  readonly channels: ReadonlySet<string>
}

/** What all routes name, also those that Envoy answers by itself, since ext_authz asks about them too. */
function namedPolicies(gateway: Gateway, service: Service): readonly NamedPolicy[] {
  return filterChainsOf(gateway).flatMap((chain) => {
    const channels = channelsOf(chain, service)
    const named = (route: Route, filterName: string): readonly NamedPolicy[] => {
      const policy = policyOf(route, filterName)
      const name = policy?.text
      return policy && name ? [{ policy, name, api: `${route.match.canonical()} ${name}`, channels }] : []
    }
    return chain.http.flatMap(({ routes, authorizers }) =>
      routes.flatMap((route) => authorizers.flatMap((authorizer) => named(route, authorizer.name))),
    )
  })
}

/** Routes that are never met on the channel of their policy. Tables that say the same count as one. */
function unreachable(gateway: Gateway, service: Service): readonly Broken[] {
  const named = namedPolicies(gateway, service)
  const channelsByApi = new Map<string, Set<string>>()
  for (const { api, channels } of named)
    channelsByApi.set(api, new Set([...(channelsByApi.get(api) ?? []), ...channels]))
  return named.flatMap(({ policy, name, api }) => {
    const meant = service.policies[name]?.channel
    const met = channelsByApi.get(api) ?? new Set()
    const message = `${name} is a policy for ${meant}, and no hostname of ${meant} has the route`
    // Of hostnames that the service does not know, another finding tells.
    return brokenIf(meant !== undefined && met.size > 0 && !met.has(meant), policy, message)
  })
}
