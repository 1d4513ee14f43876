import type { FilterChain, Gateway } from './gateway.ts'
import type { Part } from './part.ts'
import { brokenIf, type Rule, type Service } from './rule.ts'
import { filterChainsOf, gatesOf } from './scope.ts'

/** Whether the SNI tells the two kinds of hostname apart, as the service believes. */
export const hostnameRules: readonly Rule[] = [
  {
    code: 'default_filter_chain',
    severity: 'error',
    why: 'It takes connections with any SNI or none. The service refuses those, but nobody knows which kind of hostname they were made for.',
    cure: 'Remove `default_filter_chain`: Envoy then closes such connections.',
    broken: (gateway) =>
      gatesOf(gateway).flatMap(({ part, isDefault }) => brokenIf(isDefault, part, 'it takes what no hostname matches')),
  },
  {
    code: 'sni_not_matched',
    severity: 'error',
    why: 'The filter chain takes connections with any SNI or none, so that one kind of hostname answers for the other.',
    cure: 'Name its hostnames in `filter_chain_match: { server_names: [...] }`.',
    broken: (gateway) =>
      gatesOf(gateway).flatMap(({ part, isDefault, isInternal, serverNames }) =>
        brokenIf(
          !isDefault && !isInternal && serverNames.length === 0,
          part.at('filter_chain_match', 'server_names'),
          'no hostname chooses the filter chain',
        ),
      ),
  },
  {
    code: 'hostname_on_both_channels',
    severity: 'error',
    why: 'On one hostname, a client certificate is demanded or not, depending on something else than the SNI: whoever has none takes the other way.',
    cure: 'Name each hostname in the filter chains of one kind only.',
    broken: (gateway) => {
      const chains = gatesOf(gateway)
      const demanding = namesOf(chains.filter(demandsCertificate))
      return chains
        .filter((chain) => !demandsCertificate(chain))
        .flatMap(({ serverNames }) => serverNames)
        .flatMap((name) =>
          brokenIf(demanding.has(nameIn(name)), name, `${nameIn(name)} is also the hostname of a 2-way filter chain`),
        )
    },
  },
  {
    code: 'hostname_unknown',
    severity: 'error',
    why: 'The service does not know of which kind the hostname is, and refuses whoever comes by it (`wrong_hostname`).',
    cure: "Add it to `hostnames` of the service's configuration, or remove it here. Wildcards are none of its hostnames.",
    broken: (gateway, service) => {
      if (service === undefined) return []
      const known = new Set(hostnamesOf(service))
      return gatesOf(gateway)
        .flatMap(({ serverNames }) => serverNames)
        .flatMap((name) => brokenIf(!known.has(nameIn(name)), name, `the service has no hostname ${nameIn(name)}`))
    },
  },
  {
    code: 'hostname_unserved',
    severity: 'error',
    why: 'Callers are told to use the hostname, and Envoy closes their connections.',
    cure: 'Name it in the `filter_chain_match` of the filter chain of its kind.',
    broken: (gateway, service) => {
      const chains = filterChainsOf(gateway)
      if (service === undefined || chains.length === 0 || gateway.unseen.some(({ what }) => what === 'listeners'))
        return []
      const served = namesOf(chains)
      return hostnamesOf(service)
        .filter((hostname) => !served.has(hostname))
        .map((hostname) => ({ at: listenersOf(gateway), message: `no filter chain is for ${hostname}` }))
    },
  },
]

const nameIn = (part: Part): string => part.text?.toLowerCase() ?? ''
const namesOf = (chains: readonly FilterChain[]): ReadonlySet<string> =>
  new Set(chains.flatMap(({ serverNames }) => serverNames.map(nameIn)))
const hostnamesOf = ({ hostnames }: Service): readonly string[] =>
  Object.values(hostnames).flatMap((names) => names ?? [])
const demandsCertificate = ({ tls }: FilterChain): boolean => tls?.requiresClientCertificate === true

const listenersOf = ({ bootstrap }: Gateway): Part => bootstrap.at('static_resources', 'listeners')
