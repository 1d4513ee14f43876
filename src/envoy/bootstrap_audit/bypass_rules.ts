import { typed } from './extension.ts'
import type { Part } from './part.ts'
import { type Broken, brokenIf, type Rule } from './rule.ts'
import { filterChainsOf, httpOf, isProxy, routesOf } from './scope.ts'

/** Ways through Envoy beside the requests that ext_authz sees. */
export const bypassRules: readonly Rule[] = [
  {
    code: 'unguarded_proxy',
    severity: 'error',
    why: 'It hands on whatever comes, without HTTP and without the service.',
    cure: 'Remove the filter chain, or let an HTTP connection manager with ext_authz take its place.',
    broken: (gateway) =>
      [
        ...filterChainsOf(gateway).flatMap(({ filters }) => filters),
        ...gateway.listeners.flatMap(({ listenerFilters }) => listenerFilters),
      ].flatMap((filter) => brokenIf(isProxy(filter), filter.part, `${filter.kind} passes by ext_authz`)),
  },
  {
    code: 'upgrade_unguarded',
    severity: 'error',
    why: 'Requests that ask for this upgrade take filters of their own, without ext_authz. What CONNECT tunnels is seen by nobody.',
    cure: 'Remove the upgrade, or its `filters`. CONNECT has no place here.',
    broken: (gateway) => [
      ...httpOf(gateway).flatMap(({ part }) => upgradesIn(part).flatMap(unguarded)),
      ...routesOf(gateway).flatMap(({ action }) => (action === undefined ? [] : upgradesIn(action).flatMap(unguarded))),
    ],
  },
  {
    code: 'upgrade_accepted',
    severity: 'warning',
    why: 'After an upgrade nobody is asked any more: the connection goes on although its certificate was revoked.',
    cure: 'Remove it from `upgrade_configs`, or accept that `max_connection_duration` is what ends such connections.',
    broken: (gateway) => [
      ...httpOf(gateway).flatMap(({ part }) => upgradesIn(part).flatMap(accepted)),
      ...routesOf(gateway).flatMap(({ action }) => (action === undefined ? [] : upgradesIn(action).flatMap(accepted))),
    ],
  },
]

/** Those that are on, as they are where nothing is said. */
function upgradesIn(part: Part): readonly Part[] {
  return part
    .at('upgrade_configs')
    .items()
    .filter((upgrade) => !upgrade.at('enabled').exists || upgrade.at('enabled').isTrue)
}

const typeOf = (upgrade: Part): string => upgrade.at('upgrade_type').text ?? ''
const isTunnel = (upgrade: Part): boolean => /^connect/i.test(typeOf(upgrade))

function unguarded(upgrade: Part): readonly Broken[] {
  if (isTunnel(upgrade)) return brokenIf(true, upgrade, `${typeOf(upgrade)} opens a tunnel`)
  const filters = upgrade.at('filters').items()
  const asks = filters.some((filter) => typed(filter.at('typed_config')).kind === 'ext_authz')
  return brokenIf(filters.length > 0 && !asks, upgrade.at('filters'), `${typeOf(upgrade)} passes by ext_authz`)
}

function accepted(upgrade: Part): readonly Broken[] {
  return brokenIf(!isTunnel(upgrade), upgrade, `${typeOf(upgrade)} is accepted`)
}
