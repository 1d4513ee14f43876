import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { findHelm } from './packaging_tools.ts'
import { run } from './program.ts'

export const chartFolder = fileURLToPath(new URL('../../deploy/helm/devapp-authz/', import.meta.url))

/** The files of values that the chart is tested with. */
export const valuesFiles = ['minimal', 'file', 'postgres'] as const
export type ValuesFile = (typeof valuesFiles)[number]

export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
  readonly restartPolicy?: string
  readonly resources: unknown
}
export interface Pod {
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly terminationGracePeriodSeconds: number
  readonly automountServiceAccountToken: boolean
  readonly initContainers: readonly Container[]
  readonly containers: readonly Container[]
}
export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: { readonly template?: { readonly spec: Pod } } & Readonly<Record<string, unknown>>
}

/** Helm without a cluster; one built by `go install` takes an old Kubernetes for granted. */
export function helm(words: readonly string[], release = '1.37.0'): { readonly ok: boolean; readonly output: string } {
  return run(findHelm(console.error), [...words, '--kube-version', release])
}

export const valuesPath = (values: ValuesFile): string => join(chartFolder, 'ci', `${values}-values.yaml`)

/** The manifests as text. Throws with Helm's words when it refuses the values. */
export function render(values: ValuesFile, settings: readonly string[] = []): string {
  const set = settings.flatMap((setting) => ['--set', setting])
  const { ok, output } = helm(['template', 'gateway', chartFolder, '--values', valuesPath(values), ...set])
  if (!ok) throw new Error(output)
  return output
}

export function manifestsIn(rendered: string): Manifest[] {
  return parseAllDocuments(rendered).map((document) => document.toJS() as Manifest)
}

/** The one Pod that the chart describes. */
export function podIn(manifests: readonly Manifest[]): Pod {
  const pod = manifests.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec
  if (pod === undefined) throw new Error('the chart rendered no Deployment')
  return pod
}

/** A file of one of the ConfigMaps. */
export function fileIn(manifests: readonly Manifest[], name: string): string {
  const file = manifests.find(({ kind, data }) => kind === 'ConfigMap' && data?.[name] !== undefined)?.data?.[name]
  if (file === undefined) throw new Error(`no ConfigMap holds ${name}`)
  return file
}

export function container({ initContainers, containers }: Pod, name: 'authz' | 'envoy' | 'migrate'): Container {
  const found = [...initContainers, ...containers].find((each) => each.name === name)
  if (found === undefined) throw new Error(`the pod has no container ${name}`)
  return found
}

export const chartFile = (path: string): string => readFileSync(join(chartFolder, path), 'utf8')
