import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const reference = fileURLToPath(new URL('../../envoy/', import.meta.url))

/** The parts of Envoy's bootstrap that tests change. What it says besides stays as it is. */
export interface Bootstrap {
  admin: { address: SocketAddress }
  static_resources: { listeners: [Listener]; clusters: Cluster[] }
}
export interface SocketAddress {
  socket_address: { address: string; port_value: number }
}
export interface Listener {
  address: SocketAddress
  filter_chains: FilterChain[]
}
export interface FilterChain {
  name: string
  filter_chain_match: { server_names: string[] }
  transport_socket: { typed_config: DownstreamTls }
  filters: [{ typed_config: HttpConnectionManager }]
}
export interface DownstreamTls {
  require_client_certificate?: boolean
  common_tls_context: {
    combined_validation_context?: {
      default_validation_context: Record<string, unknown>
      validation_context_sds_secret_config: SdsSecret
    }
  }
}
export interface SdsSecret {
  name: string
  sds_config: Record<string, unknown>
}
export interface HttpConnectionManager {
  early_header_mutation_extensions: [{ typed_config: { mutations: { remove: string }[] } }]
  http_filters: { name: string; typed_config: Record<string, unknown> }[]
  route_config: { virtual_hosts: [{ routes: Route[] }] }
  local_reply_config: { mappers: { body_format_override?: { json_format: Record<string, string> } }[] }
}
export interface Route {
  match: { path_separated_prefix: string }
  route: { cluster: string; timeout: string }
  typed_per_filter_config: {
    'envoy.filters.http.ext_authz': {
      '@type': string
      check_settings: { context_extensions: { policy?: string }; disable_request_body_buffering?: boolean }
    }
  }
}
export interface Cluster {
  name: string
  load_assignment: {
    endpoints: [{ lb_endpoints: { endpoint: { address: SocketAddress | { pipe: { path: string } } } }[] }]
  }
}

/** The project's own envoy/envoy.yaml. What its YAML shares by an anchor is one object here, too. */
export function readBootstrap(): Bootstrap {
  return parse(readFileSync(join(reference, 'envoy.yaml'), 'utf8')) as Bootstrap
}

export function filterChain(bootstrap: Bootstrap, name: keyof ServerCertificates): FilterChain {
  return found(bootstrap.static_resources.listeners[0].filter_chains, name)
}

/** Where Envoy has its trust store from. */
export function truststoreSecret(bootstrap: Bootstrap): SdsSecret {
  const { combined_validation_context } = filterChain(bootstrap, 'mtls').transport_socket.typed_config
    .common_tls_context
  if (combined_validation_context === undefined) throw new Error('envoy/envoy.yaml has no combined_validation_context')
  return combined_validation_context.validation_context_sds_secret_config
}

/** That of the APIs, which both kinds of hostname share. */
export function httpConnectionManager(bootstrap: Bootstrap): HttpConnectionManager {
  return filterChain(bootstrap, 'mtls').filters[0].typed_config
}

export function cluster(bootstrap: Bootstrap, name: 'devapp-authz' | 'upstream'): Cluster {
  return found(bootstrap.static_resources.clusters, name)
}

/** Adds a route like those that are there, first of all. */
/** `readsBody`: the service is sent the bodies, as a policy with a signature needs. */
export function addRoute(bootstrap: Bootstrap, pathPrefix: string, policy: string, readsBody = false): void {
  const { routes } = httpConnectionManager(bootstrap).route_config.virtual_hosts[0]
  const route = structuredClone(routes[0]!)
  route.match = { path_separated_prefix: pathPrefix }
  route.typed_per_filter_config['envoy.filters.http.ext_authz'].check_settings = {
    context_extensions: { policy },
    ...(readsBody ? {} : { disable_request_body_buffering: true }),
  }
  routes.unshift(route)
}

export interface ServerCertificate {
  readonly pem: string
  readonly privateKeyPem: string
}
/** By filter chain. Without one for it, the hostname to try a certificate on is left out, as an operator leaves it out. */
export interface ServerCertificates {
  readonly mtls: ServerCertificate
  readonly tls: ServerCertificate
  readonly try?: ServerCertificate
}
const hostnames: Readonly<Record<keyof ServerCertificates, string>> = {
  mtls: 'api.example.com',
  tls: 'api2.example.com',
  try: 'try.example.com',
}

export interface Places {
  /** Takes the place of /etc/envoy. */
  readonly folder: string
  /** Where the service listens: a Unix socket's path. */
  readonly authzSocket: string
  /** On 127.0.0.1. */
  readonly upstreamPort: number
  readonly serverCertificates: ServerCertificates
  /** PEM, which Envoy takes from a file then; without it, from the service. */
  readonly truststore?: string | undefined
  /** Any other change, made last. */
  readonly change?: (bootstrap: Bootstrap) => void
}

/** Lays the reference out below `folder` as it would lie below /etc/envoy, on free loopback ports. Returns its path. */
export function layOut(places: Places): string {
  const { folder, serverCertificates } = places
  for (const chain of ['mtls', 'tls', 'try'] as const) {
    const certificate = serverCertificates[chain]
    if (certificate === undefined) continue
    write(join(folder, 'tls', hostnames[chain], 'tls.crt'), certificate.pem)
    write(join(folder, 'tls', hostnames[chain], 'tls.key'), certificate.privateKeyPem)
  }
  write(truststorePath(folder), places.truststore ?? '')
  for (const file of readdirSync(join(reference, 'sds'))) {
    const secret = relocated(parse(readFileSync(join(reference, 'sds', file), 'utf8')), folder)
    write(join(folder, 'sds', file), JSON.stringify(secret))
  }
  const path = join(folder, 'envoy.json')
  write(path, JSON.stringify(relocated(filledIn(places), folder)))
  return path
}

export function truststorePath(folder: string): string {
  return join(folder, 'truststore', 'truststore.pem')
}

/** As an operator replaces a file that Envoy watches: written beside it, then renamed over it. */
export function replaceFile(path: string, content: string): void {
  write(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}

function filledIn({ authzSocket, upstreamPort, serverCertificates, truststore, change }: Places): Bootstrap {
  const bootstrap = readBootstrap()
  const [listener] = bootstrap.static_resources.listeners
  bootstrap.admin.address = loopback(0)
  listener.address = loopback(0)
  if (serverCertificates.try === undefined)
    listener.filter_chains = listener.filter_chains.filter(({ name }) => name !== 'try')
  endpointOf(cluster(bootstrap, 'devapp-authz')).address = { pipe: { path: authzSocket } }
  endpointOf(cluster(bootstrap, 'upstream')).address = loopback(upstreamPort)
  if (truststore !== undefined) truststoreSecret(bootstrap).sds_config = truststoreFromFile
  change?.(bootstrap)
  return bootstrap
}

/** As the comment in envoy/envoy.yaml has it. */
export const truststoreFromFile = {
  path_config_source: {
    path: '/etc/envoy/sds/truststore.yaml',
    watched_directory: { path: '/etc/envoy/truststore' },
  },
}

const loopback = (port: number): SocketAddress => ({ socket_address: { address: '127.0.0.1', port_value: port } })

function endpointOf({ load_assignment }: Cluster) {
  return load_assignment.endpoints[0].lb_endpoints[0]!.endpoint
}

/** The same tree, with every path below /etc/envoy moved. */
function relocated<Tree>(tree: Tree, folder: string): Tree {
  const moved = (_: string, value: unknown) =>
    typeof value === 'string' ? value.replace(/^\/etc\/envoy(?=\/)/, folder) : value
  return JSON.parse(JSON.stringify(tree, moved)) as Tree
}

function found<Named extends { name: string }>(entries: readonly Named[], name: string): Named {
  const entry = entries.find((candidate) => candidate.name === name)
  if (entry === undefined) throw new Error(`envoy/envoy.yaml has no ${name}`)
  return entry
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, 0o600)
}
