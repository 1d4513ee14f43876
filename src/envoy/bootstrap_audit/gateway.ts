import { type Extension, extensionIn, typed } from './extension.ts'
import type { Part } from './part.ts'
import { type Route, routesIn } from './routes.ts'
import type { Sources, Unreadable, Unseen } from './sources.ts'

/** An Envoy, as far as its configuration is known, in the parts that rules look at. */
export interface Gateway {
  readonly bootstrap: Part
  readonly listeners: readonly Listener[]
  readonly clusters: readonly Part[]
  readonly unseen: readonly Unseen[]
  readonly unreadable: readonly Unreadable[]
}

export interface Listener {
  readonly part: Part
  readonly listenerFilters: readonly Extension[]
  readonly filterChains: readonly FilterChain[]
}

export interface FilterChain {
  readonly part: Part
  readonly isDefault: boolean
  /** Connections come from other listeners of the same Envoy. */
  readonly isInternal: boolean
  /** The names of the SNI that choose it. */
  readonly serverNames: readonly Part[]
  readonly tls: DownstreamTls | undefined
  readonly filters: readonly Extension[]
  readonly http: readonly HttpConnections[]
}

export interface DownstreamTls {
  readonly kind: 'tls' | 'quic'
  /** The transport socket's configuration. */
  readonly socket: Part
  /** The DownstreamTlsContext. */
  readonly context: Part
  readonly requiresClientCertificate: boolean
}

/** An HTTP connection manager. */
export interface HttpConnections {
  readonly part: Part
  readonly httpFilters: readonly Extension[]
  /** The ext_authz filters among them. */
  readonly authorizers: readonly Extension[]
  readonly routeTable: Part
  readonly routes: readonly Route[]
  /** Also where its routes are not known. */
  readonly reachesUpstreams: boolean
}

export function gatewayIn(bootstrap: Part, sources: Sources): Gateway {
  const resources = bootstrap.at('static_resources')
  const dynamic = bootstrap.at('dynamic_resources')
  const listeners = [
    ...resources.at('listeners').items(),
    ...discovered(dynamic.at('lds_config'), 'listeners', sources),
  ].map((part) => listenerIn(part, sources))
  const clusters = [...resources.at('clusters').items(), ...discovered(dynamic.at('cds_config'), 'clusters', sources)]
  return { bootstrap, listeners, clusters, unseen: sources.unseen, unreadable: sources.unreadable }
}

function discovered(configSource: Part, what: Unseen['what'], sources: Sources): readonly Part[] {
  return configSource.exists ? sources.discovered(configSource, what) : []
}

function listenerIn(part: Part, sources: Sources): Listener {
  const chainIn = (chain: Part, isDefault: boolean): FilterChain => {
    const filters = chain.at('filters').items().map(extensionIn)
    return {
      ...{ part: chain, isDefault, filters },
      isInternal: part.at('internal_listener').exists,
      serverNames: chain.at('filter_chain_match', 'server_names').items(),
      tls: downstreamTlsIn(chain.at('transport_socket')),
      http: filters
        .filter(({ kind }) => kind === 'http_connection_manager')
        .map(({ config }) => httpConnectionsIn(config, sources)),
    }
  }
  const byDefault = part.at('default_filter_chain')
  const chains = part.at('filter_chains').items()
  return {
    part,
    listenerFilters: part.at('listener_filters').items().map(extensionIn),
    filterChains: [
      ...chains.map((chain) => chainIn(chain, false)),
      ...(byDefault.exists ? [chainIn(byDefault, true)] : []),
    ],
  }
}

/** Also where other transport sockets, which count or record, are around it. */
function downstreamTlsIn(transportSocket: Part, depth = 0): DownstreamTls | undefined {
  const { kind, message, config: socket } = extensionIn(transportSocket)
  const inner = socket.at('transport_socket')
  if (inner.exists && depth < 4) return downstreamTlsIn(inner, depth + 1)
  if (message !== 'DownstreamTlsContext' && message !== 'QuicDownstreamTransport') return undefined
  const context = kind === 'quic' ? socket.at('downstream_tls_context') : socket
  const requiresClientCertificate = context.at('require_client_certificate').isTrue
  return { kind: kind === 'quic' ? 'quic' : 'tls', socket, context, requiresClientCertificate }
}

function httpConnectionsIn(part: Part, sources: Sources): HttpConnections {
  const httpFilters = part
    .at('http_filters')
    .items()
    .map((filter) => httpFilterIn(filter, sources))
  const routeTable = routeTableIn(part, sources)
  const routes = routesIn(routeTable)
  return {
    ...{ part, httpFilters, routeTable, routes },
    authorizers: httpFilters.filter(({ kind }) => kind === 'ext_authz'),
    reachesUpstreams: !routeTable.exists || routes.some((route) => route.reachesUpstream),
  }
}

/** Also one whose configuration is in a file of its own (ECDS). */
function httpFilterIn(part: Part, sources: Sources): Extension {
  const filter = extensionIn(part)
  const discovery = part.at('config_discovery')
  if (!discovery.exists) return filter
  const found = sources
    .discovered(discovery.at('config_source'), 'filters')
    .map((resource) => extensionIn(resource))
    .find(({ name }) => name === filter.name)
  return found === undefined ? { ...filter, ...typed(discovery.at('default_config')) } : { ...found, part }
}

function routeTableIn(part: Part, sources: Sources): Part {
  const rds = part.at('rds')
  if (!rds.exists && !part.at('scoped_routes').exists) return part.at('route_config')
  if (!rds.exists) {
    sources.unseen.push({ at: part.at('scoped_routes'), what: 'routes' })
    return part.at('route_config')
  }
  const name = rds.at('route_config_name').text
  const tables = sources.discovered(rds.at('config_source'), 'routes')
  const named = tables.find((table) => table.at('name').text === name)
  if (named === undefined && tables.length > 0)
    sources.unreadable.push({ at: rds.at('route_config_name'), message: 'the file has no route table of this name' })
  return named ?? part.at('route_config')
}
