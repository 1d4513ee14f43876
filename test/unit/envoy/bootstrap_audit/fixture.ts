import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { examineConfig } from '../../../../src/config/config.ts'
import { auditBootstrap, type Finding } from '../../../../src/envoy/bootstrap_audit/audit.ts'
import type { Service } from '../../../../src/envoy/bootstrap_audit/rule.ts'
import { httpConnectionManager, readBootstrap } from '../../../support/envoy_bootstrap.ts'

export type Path = readonly (string | number)[]

/** A change of envoy/envoy.yaml, and what has to be found. */
export interface Mutation {
  readonly code: string
  /** What somebody did. */
  readonly title: string
  readonly put: Path
  /** What is put there; a function is given what stood there, and `undefined` takes it away. */
  readonly value?: unknown
  /** Where it is found, unless where it was put. */
  readonly found?: Path
  /** What follows from it besides. */
  readonly also?: readonly string[]
}

export type Change = Pick<Mutation, 'put' | 'value'>

const chainIndex = (name: string): number =>
  readBootstrap().static_resources.listeners[0].filter_chains.findIndex((chain) => chain.name === name)
const authzIndex = httpConnectionManager(readBootstrap()).http_filters.findIndex(
  ({ name }) => name === 'envoy.filters.http.ext_authz',
)
const clusterIndex = readBootstrap().static_resources.clusters.findIndex(({ name }) => name === 'devapp-authz')

export const listener: Path = ['static_resources', 'listeners', 0]
export const mtls: Path = [...listener, 'filter_chains', chainIndex('mtls')]
export const tls: Path = [...listener, 'filter_chains', chainIndex('tls')]
export const mtlsContext: Path = [...mtls, 'transport_socket', 'typed_config']
export const tried: Path = [...listener, 'filter_chains', chainIndex('try')]
export const tlsContext: Path = [...tls, 'transport_socket', 'typed_config']
/** Both filter chains share it; the first one is where it is found. */
export const http: Path = [...mtls, 'filters', 0, 'typed_config']
/** The filter that asks the service. */
export const authzFilter: Path = [...http, 'http_filters', authzIndex]
export const authz: Path = [...authzFilter, 'typed_config']
export const table: Path = [...http, 'route_config']
export const host: Path = [...table, 'virtual_hosts', 0]
export const route: Path = [...host, 'routes', 0]
export const override: Path = ['typed_per_filter_config', 'envoy.filters.http.ext_authz']
export const serviceCluster: Path = ['static_resources', 'clusters', clusterIndex]

/** The configuration of examples/authz.yaml. */
export const service: Service = (() => {
  const text = readFileSync(fileURLToPath(new URL('../../../../examples/authz.yaml', import.meta.url)), 'utf8')
  const { file, problems } = examineConfig({ text, name: 'authz.yaml', folder: '.', environment: {} })
  if (file === undefined) throw new Error(`examples/authz.yaml: ${problems[0]?.message}`)
  return file
})()

type Tree = Record<string | number, unknown>

/** Puts a value into a tree, making what leads there. */
export function put(tree: object, path: Path, value: unknown): void {
  const last = path.at(-1) as string
  const holder = path.slice(0, -1).reduce<Tree>((at, step) => {
    at[step] ??= {}
    return at[step] as Tree
  }, tree as Tree)
  const made = typeof value === 'function' ? (value as (old: unknown) => unknown)(holder[last]) : value
  if (made === undefined) delete holder[last]
  else holder[last] = made
}

/** envoy/envoy.yaml as YAML, with what it shares still shared, after the changes. */
export function bootstrapWith(...changes: readonly Change[]): string {
  const bootstrap = readBootstrap()
  for (const change of changes) put(bootstrap, change.put, change.value)
  return stringify(bootstrap)
}

type Files = Readonly<Record<string, string>>

/** What is found in a bootstrap that names files of these texts. */
export function audited(text: string, files: Files = {}): readonly Finding[] {
  return auditBootstrap({ path: 'envoy.yaml', read: readerOf({ ...files, 'envoy.yaml': text }), service })
}

/** The same without the service's configuration. */
export function auditedAlone(text: string): readonly Finding[] {
  return auditBootstrap({ path: 'envoy.yaml', read: readerOf({ 'envoy.yaml': text }), service: undefined })
}

const readerOf = (files: Files) => (name: string) => {
  const text = files[name]
  if (text === undefined) throw new Error(`${name}: no such file`)
  return { name, text }
}
