import type { Extension } from './extension.ts'
import type { FilterChain, Gateway, HttpConnections } from './gateway.ts'
import type { Part } from './part.ts'
import { overrideIn, type Route } from './routes.ts'
import type { Broken, Rule, Service } from './rule.ts'
import { validationIn } from './validation.ts'

/** All filter chains, the default ones too. */
export function filterChainsOf({ listeners }: Gateway): readonly FilterChain[] {
  return listeners.flatMap(({ filterChains }) => filterChains)
}

/** The filter chains behind which there is more than Envoy's own answers. */
export function gatesOf(gateway: Gateway): readonly FilterChain[] {
  return filterChainsOf(gateway).filter(
    ({ http, filters }) => http.some(({ reachesUpstreams }) => reachesUpstreams) || filters.some(isProxy),
  )
}

/**
 * The filter chains to try a certificate on: those of a hostname for it. Without the service's configuration, those that take any
 * certificate and ask the service, and behind which there is no upstream.
 */
export function trialsOf(gateway: Gateway, service: Service | undefined): readonly FilterChain[] {
  const gates = gatesOf(gateway)
  return filterChainsOf(gateway).filter((chain) =>
    service === undefined
      ? acceptsUntrusted(chain) &&
        !gates.includes(chain) &&
        chain.http.some(({ authorizers }) => authorizers.length > 0)
      : channelsOf(chain, service).has('try'),
  )
}

export function acceptsUntrusted({ tls }: FilterChain): boolean {
  const verification = tls && validationIn(tls.context)?.own.at('trust_chain_verification')
  return verification?.oneOf(['VERIFY_TRUST_CHAIN', 'ACCEPT_UNTRUSTED']) === 'ACCEPT_UNTRUSTED'
}

/** Of the hostnames that choose the filter chain. */
export function channelsOf({ serverNames }: Pick<FilterChain, 'serverNames'>, service: Service): ReadonlySet<string> {
  const names = serverNames.map(({ text }) => text?.toLowerCase())
  const channels = Object.entries(service.hostnames).filter(([, hostnames]) =>
    hostnames?.some((hostname) => names.includes(hostname)),
  )
  return new Set(channels.map(([channel]) => channel))
}

/** The HTTP connection managers that pass requests on. */
export function httpOf(gateway: Gateway): readonly HttpConnections[] {
  return filterChainsOf(gateway).flatMap(({ http }) => http.filter(({ reachesUpstreams }) => reachesUpstreams))
}

export function authorizersOf(gateway: Gateway): readonly Extension[] {
  return filterChainsOf(gateway).flatMap(({ http }) => http.flatMap(({ authorizers }) => authorizers))
}

/** The routes that pass requests on. */
export function routesOf(gateway: Gateway): readonly Route[] {
  return httpOf(gateway).flatMap(({ routes }) => routes.filter(({ reachesUpstream }) => reachesUpstream))
}

/** The network filters that hand bytes to an upstream, or requests of another protocol than HTTP. */
export function isProxy({ kind }: Extension): boolean {
  return kind.endsWith('_proxy')
}

/** What each ext_authz filter is set to. */
export function ofAuthorizer(broken: (config: Part) => readonly Broken[]): Rule['broken'] {
  return (gateway) => authorizersOf(gateway).flatMap(({ config }) => broken(config))
}

/** What comes of each route to an upstream and each ext_authz filter that it meets. */
export function eachRoute<Result>(
  gateway: Gateway,
  result: (route: Route, authorizer: Extension) => readonly Result[],
): readonly Result[] {
  return httpOf(gateway).flatMap(({ routes, authorizers }) =>
    routes
      .filter(({ reachesUpstream }) => reachesUpstream)
      .flatMap((route) => authorizers.flatMap((authorizer) => result(route, authorizer))),
  )
}

/** Every GrpcService that is asked: those of the filters, and those that routes put in their place. */
export function questionsOf(gateway: Gateway): readonly Part[] {
  const ofFilters = authorizersOf(gateway).map(({ config }) => config.at('grpc_service'))
  const ofRoutes = checkSettingsOf(gateway).map((settings) => settings.at('grpc_service'))
  return [...ofFilters, ...ofRoutes].filter(({ exists }) => exists)
}

/** What routes, and what holds them, change of ext_authz. */
export function checkSettingsOf(gateway: Gateway): readonly Part[] {
  return eachRoute(gateway, ({ scopes }, { name }) =>
    scopes.map((scope) => overrideIn(scope, name).config.at('check_settings')),
  )
}

/** What each HTTP connection manager that passes requests on is set to. */
export function ofHttp(broken: (http: HttpConnections) => readonly Broken[]): Rule['broken'] {
  return (gateway) => httpOf(gateway).flatMap(broken)
}
