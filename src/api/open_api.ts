import { z } from 'zod'
import type { Description, Operation } from './operation.ts'

export interface OpenApiOptions {
  readonly version: string
  /** Whether who asks has to show a token. */
  readonly secured: boolean
}

const problemSchema = z
  .object({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })
  .meta({ title: 'Problem', description: 'A problem document (RFC 9457).' })

const problemWords: Readonly<Record<number, string>> = {
  400: 'What was asked does not fit; `detail` says all that is wrong.',
  401: 'The token is missing or wrong.',
  404: 'There is no such thing.',
  413: 'The body is too large.',
  415: 'The body is no JSON, by its content type.',
  421: 'Asked by another name than the service goes by here.',
  429: 'Too many requests of one source, or of all; `Retry-After` says when to come again.',
  503: 'Not now; `detail` says why.',
}

/** What a parameter in a path is. */
const pathParameters: Readonly<Record<string, object>> = {
  sha256: { type: 'string', pattern: '^[0-9A-Fa-f]{64}$' },
  number: { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
}

/** The OpenAPI 3.1 document of these operations, made of their schemas. */
export function openApi(operations: readonly Operation[], { version, secured }: OpenApiOptions): object {
  const schemas = new Schemas()
  const paths: Record<string, Record<string, object>> = {}
  for (const { path, method, described } of operations) {
    paths[path] ??= {}
    paths[path][method.toLowerCase()] = operationObject(path, method, described, { schemas, secured })
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'devapp-authz',
      version,
      description:
        'What a running service tells of itself. The console uses nothing else. Instants are in RFC 3339; `null` stands where there is nothing.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: schemas.all,
      ...(secured && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
    ...(secured && { security: [{ token: [] }] }),
  }
}

function operationObject(
  path: string,
  method: string,
  described: Description,
  { schemas, secured }: { readonly schemas: Schemas; readonly secured: boolean },
): object {
  const { id, tag, summary, query, body, answers, problems } = described
  const statuses = [...(method === 'POST' ? [413, 415] : []), 421, ...(secured ? [401] : []), ...problems]
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    ...{ name, in: 'path', required: true, schema: pathParameters[name] ?? { type: 'string' } },
  }))
  const content =
    'document' in answers
      ? { 'application/json': { schema: schemas.reference(answers.document, 'output') } }
      : { [answers.contentType]: { schema: { type: 'string' } } }
  return {
    ...{ operationId: id, tags: [tag], summary },
    parameters: [...inPath, ...(query === undefined ? [] : parametersOf(query))],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: schemas.reference(body, 'input') } } },
    }),
    responses: {
      200: { description: 'document' in answers ? summary : answers.words, content },
      ...Object.fromEntries(
        [...new Set(statuses)].sort().map((status) => [
          String(status),
          {
            description: problemWords[status] ?? 'A problem.',
            content: { 'application/problem+json': { schema: schemas.reference(problemSchema, 'output') } },
          },
        ]),
      ),
    },
  }
}

function parametersOf(query: z.ZodObject): readonly object[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input' })
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = property as Readonly<Record<string, unknown>>
    return { name, in: 'query', required: required.includes(name), description, schema }
  })
}

/** Schemas with a title stand once in the document, under it. */
class Schemas {
  readonly all: Record<string, object> = {}

  reference(schema: z.ZodType, io: 'input' | 'output'): object {
    const { $schema: _, ...written } = z.toJSONSchema(schema, { io })
    const { title } = written
    if (title === undefined) return written
    this.all[title] ??= written
    return { $ref: `#/components/schemas/${title}` }
  }
}
