import type { FilterChain, Gateway } from './gateway.ts'
import { policyOf, type Route } from './routes.ts'
import { type Broken, brokenIf, type Rule, type Service } from './rule.ts'
import { eachRoute, filterChainsOf } from './scope.ts'

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
      eachRoute(gateway, (route, { name }) => {
        const policy = policyOf(route, name)
        if (service === undefined || !policy?.text) return []
        const known = Object.hasOwn(service.policies, policy.text)
        return brokenIf(!known, policy, `there is no policy ${JSON.stringify(policy.text)}`)
      }),
  },
  {
    code: 'policy_channel',
    severity: 'error',
    why: 'The policy is for the other kind of hostname, where the API has no route: the service answers everybody with 421 and sends them to a hostname that answers 404.',
    cure: 'Let both filter chains share one route table, as envoy/envoy.yaml does, or name a policy of this channel.',
    broken: (gateway, service) => (service === undefined ? [] : unreachable(gateway, service)),
  },
]

/** Routes that are never met on the channel of their policy. Tables that say the same count as one. */
function unreachable(gateway: Gateway, service: Service): readonly Broken[] {
  const met = filterChainsOf(gateway).flatMap((chain) => {
    const channels = channelsOf(chain, service)
    return chain.http.flatMap((http) =>
      http.authorizers.flatMap(({ name }) =>
        http.routes.filter(({ reachesUpstream }) => reachesUpstream).map((route) => ({ route, name, channels })),
      ),
    )
  })
  const channelsByApi = new Map<string, Set<string>>()
  for (const { route, name, channels } of met) {
    const api = apiOf(route, name)
    channelsByApi.set(api, new Set([...(channelsByApi.get(api) ?? []), ...channels]))
  }
  return met.flatMap(({ route, name }) => {
    const policy = policyOf(route, name)
    const meant = Object.hasOwn(service.policies, policy?.text ?? '') && service.policies[policy?.text ?? '']?.channel
    const channels = channelsByApi.get(apiOf(route, name))
    if (!policy || !meant || channels === undefined || channels.size === 0) return []
    return brokenIf(
      !channels.has(meant),
      policy,
      `${policy.text} is a policy for ${meant}, and no hostname of ${meant} has the route`,
    )
  })
}

/** What of a route makes it the same API on another hostname. */
function apiOf(route: Route, filterName: string): string {
  return `${route.match.canonical()} ${policyOf(route, filterName)?.text}`
}

/** Of the hostnames that choose the filter chain. */
export function channelsOf({ serverNames }: Pick<FilterChain, 'serverNames'>, service: Service): ReadonlySet<string> {
  const names = serverNames.map(({ text }) => text?.toLowerCase())
  const channels = Object.entries(service.hostnames).filter(([, hostnames]) =>
    hostnames.some((hostname) => names.includes(hostname)),
  )
  return new Set(channels.map(([channel]) => channel))
}
