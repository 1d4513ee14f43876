import type { Part } from './part.ts'

/** What a request that matches meets; of a route with weighted clusters, each of those is one. */
export interface Route {
  readonly part: Part
  readonly match: Part
  /** The RouteAction; `undefined` where the answer is a redirect or Envoy's own. */
  readonly action: Part | undefined
  readonly reachesUpstream: boolean
  /** What holds configuration for it by filter and by header, from the route table down. */
  readonly scopes: readonly Part[]
}

/** All routes of a RouteConfiguration. */
export function routesIn(table: Part): readonly Route[] {
  return table
    .at('virtual_hosts')
    .items()
    .flatMap((host) =>
      host
        .at('routes')
        .items()
        .flatMap((route) => branchesOf(route, [table, host, route])),
    )
}

function branchesOf(part: Part, scopes: readonly Part[]): readonly Route[] {
  const action = part.at('route')
  const match = part.at('match')
  if (!action.exists) return [{ part, match, action: undefined, reachesUpstream: false, scopes }]
  const weighted = action.at('weighted_clusters', 'clusters').items()
  if (weighted.length === 0) return [{ part, match, action, reachesUpstream: true, scopes }]
  return weighted.map((cluster) => ({
    part: cluster,
    match,
    action,
    reachesUpstream: true,
    scopes: [...scopes, cluster],
  }))
}

/** What a scope says for the filter of that name: ExtAuthzPerRoute, or whatever the filter's own message is. */
export interface FilterOverride {
  /** Whether the filter as a whole is off (envoy.config.route.v3.FilterConfig). */
  readonly disabled: Part | undefined
  readonly config: Part
}

/** The names of the policies of a route are in the context of ext_authz, the nearest scope's first. */
export function policyOf(route: Route, filterName: string): Part | undefined {
  return route.scopes
    .map((scope) => overrideIn(scope, filterName).config.at('check_settings', 'context_extensions').entry('policy'))
    .findLast((policy) => policy.exists)
}

/** Of a filter in `typed_per_filter_config`, without the FilterConfig that may wrap it. */
export function overrideIn(scope: Part, filterName: string): FilterOverride {
  const any = scope.at('typed_per_filter_config').entry(filterName)
  const isWrapped = /\.FilterConfig$/.test(any.entry('@type').text ?? '')
  if (!isWrapped) return { disabled: undefined, config: any }
  return { disabled: any.at('disabled'), config: any.at('config') }
}
