import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './generated_file.ts'
import { configurationJsonSchema, type JsonSchema } from './json_schema.ts'

/** The JSON Schema by which editors complete and check a configuration file. */
export function configurationSchema(): string {
  const { $schema, ...schema } = configurationJsonSchema()
  const titled = { $schema, title: 'Configuration of devapp-authz', ...withVariables(schema) }
  return formatted(JSON.stringify(titled, undefined, 2))
}

const variable: JsonSchema = { type: 'string', pattern: '\\$\\{\\w+\\}' }

/** A text that has to be one of some may also come from the environment. */
function withVariables(schema: JsonSchema): JsonSchema {
  const { type, enum: values, pattern, ...annotations } = schema
  const limited = type === 'string' && (values !== undefined || pattern !== undefined)
  if (!limited) return eachPart(schema)
  const own = { type, ...(values && { enum: values }), ...(pattern && { pattern }) }
  return { ...annotations, anyOf: [own, variable] }
}

function eachPart(schema: JsonSchema): JsonSchema {
  const { properties, items, additionalProperties } = schema
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, withVariables(part)])),
    }),
    ...(items && { items: withVariables(items) }),
    ...(additionalProperties && { additionalProperties: withVariables(additionalProperties) }),
  }
}

/** As `biome check` wants it. */
function formatted(json: string): string {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const options = ['format', '--stdin-file-path=docs/configuration.schema.json']
  const { status, stdout, stderr } = spawnSync(process.execPath, [biome, ...options], {
    cwd: root,
    encoding: 'utf8',
    input: json,
  })
  if (status !== 0) throw new Error(`biome format failed: ${stderr}`)
  return stdout
}
