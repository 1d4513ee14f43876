import { brokenIf, type Rule } from './rule.ts'
import { filterChainsOf, httpOf } from './scope.ts'
import { isLocal } from './service_cluster_rules.ts'

/** Envoy itself, and how much of it can be judged here. */
export const envoyRules: readonly Rule[] = [
  {
    code: 'admin_exposed',
    severity: 'error',
    why: 'Whoever reaches the admin interface can stop Envoy, read its configuration and see the names of its callers.',
    cure: 'Let it listen on 127.0.0.1 or a Unix socket, and permit only what operating needs (`allow_paths`).',
    broken: ({ bootstrap }) => {
      const address = bootstrap.at('admin', 'address')
      return brokenIf(address.exists && !isLocal(address), address, 'other hosts reach the admin interface')
    },
  },
  {
    code: 'nothing_served',
    severity: 'error',
    why: 'There is nothing that could be judged: it may be another file than the bootstrap.',
    cure: 'Name the file that Envoy is started with (`envoy -c FILE`).',
    broken: (gateway) =>
      brokenIf(
        filterChainsOf(gateway).length === 0 && gateway.unseen.length === 0 && gateway.unreadable.length === 0,
        gateway.bootstrap,
        'no listener has a filter chain',
      ),
  },
  {
    code: 'not_seen',
    severity: 'error',
    why: 'What a control plane hands out, and what a matcher tree chooses, is not seen here: nothing that is said here holds for it.',
    cure: 'Put what the control plane hands out into a file, name that by `path_config_source`, and check it so. Match by `server_names` and by routes.',
    broken: (gateway) => [
      ...gateway.unseen
        .filter(({ what }) => what !== 'clusters')
        .map(({ at, what }) => ({ at, message: `the ${what} come from elsewhere` })),
      ...gateway.listeners
        .map(({ part }) => part.at('filter_chain_matcher'))
        .flatMap((matcher) => brokenIf(matcher.exists, matcher, 'a matcher tree chooses the filter chain')),
      ...httpOf(gateway)
        .flatMap(({ routeTable }) => routeTable.at('virtual_hosts').items())
        .map((host) => host.at('matcher'))
        .flatMap((matcher) => brokenIf(matcher.exists, matcher, 'a matcher tree chooses the route')),
    ],
  },
  {
    code: 'clusters_not_seen',
    severity: 'warning',
    why: 'How Envoy reaches the service is not in the file, and is not judged.',
    cure: 'Put the cluster of the service into `static_resources`.',
    broken: ({ unseen }) =>
      unseen
        .filter(({ what }) => what === 'clusters')
        .map(({ at }) => ({ at, message: 'the clusters come from elsewhere' })),
  },
]
