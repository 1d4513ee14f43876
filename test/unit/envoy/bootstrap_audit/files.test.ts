import { expect } from 'chai'
import { parse, stringify } from 'yaml'
import { readBootstrap } from '../../../support/envoy_bootstrap.ts'
import {
  audited,
  auditedAlone,
  authz,
  authzFilter,
  bootstrapWith,
  type Change,
  http,
  mtlsContext,
  type Path,
  put,
  table,
  tls,
} from './fixture.ts'

type Tree = Record<string, unknown>

const codes = (...given: Parameters<typeof audited>): readonly string[] => audited(...given).map(({ code }) => code)
const discovery = (...resources: object[]): string => stringify({ version_info: '1', resources })
const fromFile = (path: string) => ({ resource_api_version: 'V3', path_config_source: { path } })
const at = (tree: object, path: Path): Tree => path.reduce<unknown>((each, step) => (each as Tree)[step], tree) as Tree
const allowingFailure = { put: [...authz, 'failure_mode_allow'], value: true }

describe("the files of Envoy's configuration", () => {
  it('may be JSON, in either spelling of protobuf', () => {
    expect(codes(JSON.stringify(readBootstrap()))).to.deep.equal([])
    const bootstrap = parse(bootstrapWith(allowingFailure)) as object
    expect(codes(JSON.stringify(bootstrap, undefined, 2))).to.deep.equal(['failure_mode_allow', 'failure_mode_allow'])
    const [finding] = audited(JSON.stringify(inCamelCase(bootstrap)))
    expect(finding).to.deep.include({
      code: 'failure_mode_allow',
      path: 'staticResources.listeners[0].filterChains[0].filters[0].typedConfig.httpFilters[1].typedConfig.failureModeAllow',
      line: 1,
    })
  })

  it('may hold anchors, aliases, merge keys and the words of YAML 1.1, and what is shared is found once', () => {
    const shared = bootstrapWith(allowingFailure)
    const line = 1 + shared.split('\n').findIndex((each) => each.includes('failure_mode_allow'))
    expect(audited(shared).map((finding) => [finding.code, finding.line])).to.deep.equal([['failure_mode_allow', line]])
    const merged = `${shared.replace('failure_mode_allow: true', '<<: [*others, { include_tls_session: no }]')}
others: &others { failure_mode_allow: On }
`
    // An alias means an anchor before it.
    expect(codes(merged)).to.deep.equal(['unreadable'])
    const [last = '', ...before] = merged.trimEnd().split('\n').toReversed()
    expect(codes([last, ...before.toReversed()].join('\n'))).to.deep.equal(['failure_mode_allow'])
  })

  it('may not give a field in both spellings: Envoy takes one, and a reader sees the other', () => {
    const both = bootstrapWith().replace(/^( +)failure_mode_allow: false$/m, '$&\n$1failureModeAllow: true')
    const [finding, ...others] = audited(both)
    expect(others).to.deep.equal([])
    expect(finding).to.deep.include({
      ...{ code: 'unreadable', message: 'failureModeAllow stands here twice, in two spellings' },
      line: 1 + both.split('\n').findIndex((each) => each.includes('failureModeAllow')),
    })
  })

  it('are read for the listeners, the routes, the filters and the clusters that they hold', () => {
    const bootstrap = structuredClone(readBootstrap()) as unknown as Tree
    const resources = at(bootstrap, ['static_resources'])
    const routes = at(bootstrap, table)
    const manager = at(bootstrap, http)
    put(manager, ['route_config'], undefined)
    put(manager, ['rds'], { route_config_name: routes['name'], config_source: fromFile('routes.yaml') })
    const filter = at(bootstrap, authzFilter)
    put(manager, authzFilter.slice(-2), {
      name: filter['name'],
      config_discovery: { config_source: fromFile('filter.yaml'), type_urls: [] },
    })
    const { listeners, clusters } = resources as Record<string, object[]>
    const outer = stringify({
      node: bootstrap['node'],
      dynamic_resources: { lds_config: fromFile('listeners.yaml'), cds_config: fromFile('clusters.yaml') },
    })
    const resource = { '@type': 'type.googleapis.com/envoy.service.discovery.v3.Resource', resource: routes }
    const files = {
      'listeners.yaml': discovery(...(listeners ?? [])),
      'clusters.yaml': discovery(...(clusters ?? [])),
      'routes.yaml': discovery(resource),
      'filter.yaml': discovery(filter),
    }
    expect(audited(outer, files)).to.deep.equal([])
    const open = { ...files, 'filter.yaml': files['filter.yaml'].replace('mode_allow: false', 'mode_allow: true') }
    expect(audited(outer, open).map(({ code, file, path }) => [code, file, path])).to.deep.equal([
      ['failure_mode_allow', 'filter.yaml', 'resources[0].typed_config.failure_mode_allow'],
    ])
    const lost = { ...files, 'routes.yaml': files['routes.yaml'].replace('name: apis', 'name: others') }
    expect(codes(outer, lost)).to.deep.equal(['unreadable'])
    const { 'routes.yaml': _, ...missing } = files
    expect(audited(outer, missing)[0]).to.deep.include({
      ...{ code: 'unreadable', message: 'routes.yaml: no such file', file: 'listeners.yaml' },
      path: 'resources[0].filter_chains[0].filters[0].typed_config.rds.config_source',
    })
  })

  it('may let the trust store come by gRPC', () => {
    const secret = ['common_tls_context', 'combined_validation_context', 'validation_context_sds_secret_config']
    const grpc = { api_type: 'GRPC', grpc_services: [{ envoy_grpc: { cluster_name: 'devapp-authz' } }] }
    const changed = { put: [...mtlsContext, ...secret, 'sds_config'], value: { api_config_source: grpc } }
    expect(audited(bootstrapWith(changed))).to.deep.equal([])
  })

  it("are judged without the service's configuration, as far as that goes", () => {
    const without = (...changes: readonly Change[]) => auditedAlone(bootstrapWith(...changes)).map(({ code }) => code)
    expect(without()).to.deep.equal([])
    expect(without({ put: [...mtlsContext, 'require_client_certificate'] })).to.deep.equal([
      'client_certificate_optional',
    ])
    // Nobody says another deadline than the default.
    const timeout = (value: string) => without({ put: [...authz, 'grpc_service', 'timeout'], value })
    expect(timeout('1.5s')).to.deep.equal(['ext_authz_timeout'])
    expect(timeout('1.6s')).to.deep.equal([])
  })

  it('may hold a filter chain that answers with redirects alone', () => {
    const redirect = { match: { prefix: '/' }, redirect: { https_redirect: true } }
    const plain = (listeners: { filter_chains: object[] }[]) => {
      const copy = structuredClone(listeners[0]) as unknown as { filter_chains: [Tree] }
      put(copy, ['filter_chains'], [structuredClone(copy.filter_chains[0])])
      for (const key of ['transport_socket', 'filter_chain_match']) put(copy, ['filter_chains', 0, key], undefined)
      const manager: Path = ['filter_chains', 0, 'filters', 0, 'typed_config']
      put(copy, [...manager, 'http_filters'], [])
      put(copy, [...manager, 'route_config', 'virtual_hosts', 0, 'routes'], [redirect])
      return [...listeners, copy]
    }
    expect(audited(bootstrapWith({ put: ['static_resources', 'listeners'], value: plain }))).to.deep.equal([])
  })

  it('may have a route table for each kind of hostname, as long as each API is met on its own kind', () => {
    const apart = (keep: (policy: string) => boolean) => (filters: object[]) => {
      const copy = structuredClone(filters)
      const routes: Path = [0, 'typed_config', 'route_config', 'virtual_hosts', 0, 'routes']
      put(copy, routes, (all: object[]) => all.filter((each) => keep(JSON.stringify(each))))
      return copy
    }
    const only1Way = { put: [...tls, 'filters'], value: apart((each) => /merchant|payments|callback/.test(each)) }
    expect(codes(bootstrapWith(only1Way))).to.deep.equal([])
    const only2Way = { put: [...tls, 'filters'], value: apart((each) => !/merchant/.test(each)) }
    expect(codes(bootstrapWith(only2Way))).to.deep.equal(['policy_channel'])
  })

  it('are found unreadable, or another file, whatever they hold', () => {
    for (const text of ['', 'hello', '[1, 2]', 'static_resources: { listeners: hello }', '\u0000\u0001'])
      expect(codes(text), text).to.include.oneOf(['nothing_served', 'unreadable'])
    for (const text of ['a: 1\na: 2', 'a: *b', '{', 'a: b: c', '['.repeat(200), '---\na: 1\n---\nb: 2'])
      expect(new Set(codes(text)), text.slice(0, 20)).to.deep.equal(new Set(['unreadable']))
    expect(codes('static_resources: &a { listeners: [*a], filter_chains: [*a], <<: *a }')).to.not.include('unreadable')
  })

  it('are refused where aliases repeat too much', () => {
    const list = (key: string, value: string) => `{ ${key}: [${Array(40).fill(value).join(', ')}] }`
    const manager = `{ name: a, typed_config: { '@type': 'a.http_connection_manager.v3.A', route_config: *table } }`
    const text = [
      `a: &host ${list('routes', '{ route: { cluster: a } }')}`,
      `b: &table ${list('virtual_hosts', '*host')}`,
      `c: &chain ${list('filters', manager)}`,
      `d: &listener ${list('filter_chains', '*chain')}`,
      `static_resources: ${list('listeners', '*listener')}`,
    ].join('\n')
    const [finding] = audited(text)
    expect([finding?.code, finding?.message]).to.deep.equal([
      'unreadable',
      'envoy.yaml repeats itself too often by aliases (*)',
    ])
  }).timeout(60_000)

  it('may lack anything, or hold another type anywhere, without stopping the audit', () => {
    const places = pathsIn(readBootstrap()).filter((path) => !path.includes('log_format') && !path.includes('mappers'))
    const values = [undefined, 7, 'text', [], {}, true]
    const rounds = 40
    for (let round = 0; round < rounds; round++) {
      const changed = places.filter((_, i) => i % rounds === round)
      // What is deeper first: afterwards it may be gone.
      const changes = changed.reverse().map((put, i) => ({ put, value: values[(round + i) % values.length] }))
      expect(() => audited(bootstrapWith(...changes)), JSON.stringify(changes)).not.to.throw()
    }
  }).timeout(60_000)
})

/** To every place once, however many aliases lead there. */
function pathsIn(value: unknown, seen = new Set<unknown>()): Path[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  const steps = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  return steps.flatMap((step) => [[step], ...pathsIn((value as Tree)[step], seen).map((path) => [step, ...path])])
}

/** As protobuf's JSON spells fields; keys of maps stay. */
function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase)
  if (typeof value !== 'object' || value === null) return value
  const field = (key: string) => key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  const isMapKey = (key: string) => key.includes('.')
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [isMapKey(key) ? key : field(key), inCamelCase(held)]),
  )
}
