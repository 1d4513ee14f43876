// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import fc from 'fast-check'
import { parse } from 'yaml'
import { z } from 'zod'
import { configurationSchema } from '../../scripts/generate/configuration_schema.ts'
import { rules } from '../../src/config/rules.ts'
import { configSchema } from '../../src/config/schema.ts'
import { duration } from '../../src/config/values.ts'

const example = parse(
  readFileSync(fileURLToPath(new URL('../../examples/authz.yaml', import.meta.url)), 'utf8'),
) as object
const editorSchema = JSON.parse(configurationSchema()) as Parameters<typeof z.fromJSONSchema>[0]
const forEditors = z.fromJSONSchema(editorSchema)

/** Every part of a JSON Schema that describes a value. */
function partsOf(schema: unknown, path = ''): [path: string, part: Record<string, unknown>][] {
  const {
    properties = {},
    items,
    additionalProperties,
  } = schema as {
    properties?: Record<string, unknown>
    items?: unknown
    additionalProperties?: unknown
  }
  return [
    [path, schema as Record<string, unknown>],
    ...Object.entries(properties).flatMap(([key, part]) => partsOf(part, `${path}.${key}`)),
    ...(items ? partsOf(items, `${path}[]`) : []),
    ...(additionalProperties ? partsOf(additionalProperties, `${path}.NAME`) : []),
  ]
}

describe('the schema for editors', () => {
  it('accepts examples/authz.yaml, and variables in the place of texts', () => {
    expect(forEditors.safeParse(example).success).to.equal(true)
    const withVariables = { ...example, deadline: '${DEADLINE}', log: { level: '${LEVEL}' }, qtsps: '${FOLDER}/qtsps' }
    expect(forEditors.safeParse(withVariables).success).to.equal(true)
  })

  for (const changes of [
    { deadline: '5 seconds' },
    { deadline: 5 },
    { log: { level: 'loud' } },
    { deadlin: '1s' },
    { policies: {} },
    { policies: { 'A b': { channel: 'tls', require: [] } } },
    { ocsp: { connections: 0 } },
    { hostnames: undefined },
  ]) {
    it(`refuses ${JSON.stringify(changes)}, as the service does`, () => {
      const file = JSON.parse(JSON.stringify({ ...example, ...changes })) as unknown
      expect(forEditors.safeParse(file).success).to.equal(false)
      const refused = !configSchema.safeParse(file).success || rules.some(({ broken }) => broken(file).length > 0)
      expect(refused).to.equal(true)
    })
  }

  it('describes every key', () => {
    const parts = partsOf(editorSchema).filter(([path]) => /\w$/.test(path) && !path.endsWith('.NAME'))
    expect(parts.length).to.be.greaterThan(50)
    expect(parts.filter(([, { description }]) => typeof description !== 'string').map(([path]) => path)).to.deep.equal(
      [],
    )
  })

  it('takes a text for a duration when the service does', () => {
    const deadline = z.fromJSONSchema(partsOf(editorSchema).find(([path]) => path === '.deadline')?.[1] ?? {})
    const texts = fc.string().filter((text) => !text.includes('${'))
    const alike = fc.stringMatching(/^\d{0,10}\.?\d{0,4}(ms|s|m|h|d|w|)$/)
    fc.assert(
      fc.property(fc.oneof(alike, texts), (text) => {
        const taken = duration().safeParse(text)
        const tooLong = !taken.success && taken.error.issues[0]?.message.includes('too long') === true
        expect(taken.success || tooLong).to.equal(deadline.safeParse(text).success)
      }),
      { numRuns: 500 },
    )
  })
})
