import { useAsked } from '../api.ts'
import { Failure, Loading } from '../parts.tsx'

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
}

interface OpenApi {
  readonly info: { readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

interface OperationObject {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly parameters?: readonly { name: string; in: string; required: boolean; description?: string; schema: Schema }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
    >
  >
}

/** The OpenAPI document of this very port, to read. */
export function ApiPage() {
  const { document: api, error, askAgain } = useAsked<OpenApi>('/api/v1/openapi.json')
  const operations = Object.entries(api?.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))]
  return (
    <>
      <div class="head">
        <h1 tabIndex={-1}>API</h1>
        <p>
          {api?.info.description ?? 'What the console is made of.'}{' '}
          <a href="/api/v1/openapi.json">The document in OpenAPI 3.1</a>
        </p>
      </div>
      <Failure error={error} askAgain={askAgain} />
      {api === undefined && error === undefined && <Loading what="its API" />}
      {api !== undefined &&
        tags.map((tag) => (
          <section class="panel" key={tag} aria-labelledby={`tag-${tag.replaceAll(' ', '-')}`}>
            <h2 id={`tag-${tag.replaceAll(' ', '-')}`}>{tag}</h2>
            {operations
              .filter(({ operation }) => operation.tags.includes(tag))
              .map(({ path, method, operation }) => (
                <details class="operation" key={method + path}>
                  <summary>
                    <span class="method">{method}</span>
                    <code>{path}</code>
                    <span class="hint">{operation.summary}</span>
                  </summary>
                  <Operation operation={operation} schemas={api.components.schemas} />
                </details>
              ))}
          </section>
        ))}
    </>
  )
}

function Operation({
  operation,
  schemas,
}: {
  readonly operation: OperationObject
  readonly schemas: OpenApi['components']['schemas']
}) {
  const { parameters = [], requestBody, responses } = operation
  const body = Object.values(requestBody?.content ?? {})[0]?.schema
  return (
    <div class="more">
      {parameters.length > 0 && (
        <div>
          <h3>Parameters</h3>
          <dl>
            {parameters.map(({ name, schema, required, description, in: place }) => [
              <dt key={name} class="mono">
                {name}
              </dt>,
              <dd key={`${name}-text`}>
                {kindOf(schema)}, {required ? 'needed' : 'may be left out'}, in the {place}
                {schema.default === undefined ? '' : `, default ${String(schema.default)}`}. {description}
              </dd>,
            ])}
          </dl>
        </div>
      )}
      {body !== undefined && (
        <div>
          <h3>Body</h3>
          <Document schema={body} schemas={schemas} />
        </div>
      )}
      {Object.entries(responses).map(([status, { description, content }]) => {
        const schema = Object.values(content)[0]?.schema
        return (
          <div key={status}>
            <h3>
              {status} <span class="hint">{status === '200' ? Object.keys(content)[0] : description}</span>
            </h3>
            {status === '200' && schema !== undefined && <Document schema={schema} schemas={schemas} />}
          </div>
        )
      })}
    </div>
  )
}

const resolved = (schema: Schema, schemas: OpenApi['components']['schemas']): Schema =>
  schema.$ref === undefined ? schema : (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? schema)

function Document({
  schema,
  schemas,
}: {
  readonly schema: Schema
  readonly schemas: OpenApi['components']['schemas']
}) {
  const written = resolved(schema, schemas)
  return <pre>{linesOf(written, '').join('\n') || kindOf(written)}</pre>
}

/** A line for each property, those within it below it. */
function linesOf(schema: Schema, indent: string): readonly string[] {
  const within = schema.properties === undefined && schema.items !== undefined ? schema.items : schema
  return Object.entries(within.properties ?? {}).flatMap(([name, property]) => [
    `${indent}${name}: ${kindOf(property)}`,
    ...linesOf(property.anyOf?.find(({ properties }) => properties !== undefined) ?? property, `${indent}  `),
  ])
}

function kindOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? ''
  if (schema.enum !== undefined) return schema.enum.join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  const several = schema.anyOf ?? schema.oneOf
  if (several !== undefined) return [...new Set(several.map(kindOf))].join(' | ')
  if (schema.type === 'array') return `list of ${kindOf(schema.items ?? {})}`
  if (schema.type === 'integer' && schema.maximum !== undefined && schema.maximum < 1e9)
    return `integer, ${schema.minimum ?? 0} to ${schema.maximum}`
  return schema.format ?? String(schema.type ?? 'anything')
}
