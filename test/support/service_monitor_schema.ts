import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { goModule } from './go_program.ts'
import type { Progress } from './program.ts'

const folder = fileURLToPath(new URL('../../.tools/prometheus-operator/', import.meta.url))
const operator = { path: 'github.com/prometheus-operator/prometheus-operator', version: 'v0.85.0' }
const definition = 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
}

interface Definition {
  readonly spec: {
    readonly versions: readonly { readonly name: string; readonly schema: { openAPIV3Schema: Schema } }[]
  }
}

/**
 * Where kubeconform finds the JSON Schema of a ServiceMonitor, as its `-schema-location`: what the CustomResourceDefinition of
 * Prometheus's operator says of version v1, unknown keys being refused as a cluster does that is asked to be strict.
 */
export function serviceMonitorSchema(progress: Progress): string {
  const own = join(folder, operator.version)
  const file = join(own, 'servicemonitor-v1.json')
  if (!existsSync(file)) {
    const { spec } = parse(readFileSync(join(goModule(operator, progress), definition), 'utf8')) as Definition
    const schema = spec.versions.find(({ name }) => name === 'v1')?.schema.openAPIV3Schema
    if (schema === undefined) throw new Error(`${definition} has no version v1`)
    mkdirSync(own, { recursive: true })
    writeFileSync(file, JSON.stringify(strict(schema)))
  }
  return join(own, '{{.ResourceKind}}-{{.ResourceAPIVersion}}.json')
}

function strict(schema: Schema, isRoot = true): Schema {
  const { properties, items, additionalProperties } = schema
  // What a cluster knows of the metadata of every kind is in no definition.
  const closed = properties !== undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [
          name,
          isRoot && name === 'metadata' ? each : strict(each, false),
        ]),
      ),
    }),
    ...(items && { items: strict(items, false) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: strict(additionalProperties, false) }),
    ...(closed && additionalProperties === undefined && { additionalProperties: false }),
  }
}
