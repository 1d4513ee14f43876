import { z } from 'zod'
import { type AdminRequest, type Answer, json, problem, type Route } from '../http/route.ts'

/** A route that says what it takes and what it answers: the OpenAPI document is made of these. */
export interface Operation extends Route {
  readonly described: Description
}

export interface Description {
  /** The `operationId`. */
  readonly id: string
  readonly tag: string
  readonly summary: string
  /** Whether it changes anything: then it is for the command line on this host alone. */
  readonly writes: boolean
  readonly query: z.ZodObject | undefined
  readonly body: z.ZodType | undefined
  readonly answers: Answers
  /** The statuses of its problem documents, beside those that every operation has. */
  readonly problems: readonly number[]
}

/** One JSON document; or text of another kind, in words. */
export type Answers = { readonly document: z.ZodType } | { readonly contentType: string; readonly words: string }

export interface Asked<Query, Body> extends Omit<AdminRequest, 'query' | 'body'> {
  readonly query: Query
  readonly body: Body
}

/** Why an operation has no document to give. */
export class Refusal {
  readonly answer: Answer

  constructor(status: number, detail: string, headers?: Readonly<Record<string, string>>) {
    this.answer = problem(status, detail, headers)
  }
}

interface Written<Query extends z.ZodObject, Body extends z.ZodType> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly maxBodyBytes?: number
  readonly id: string
  readonly tag: string
  readonly summary: string
  readonly writes?: boolean
  readonly query?: Query
  readonly body?: Body
  readonly problems?: readonly number[]
}

type Answered<Query extends z.ZodObject, Body extends z.ZodType, Given> = (
  asked: Asked<z.output<Query>, z.output<Body>>,
) => Given | Refusal | Promise<Given | Refusal>

const noQuery = z.strictObject({})

/** An operation that answers with a document. What does not fit `query` or `body` is answered 400, with all that is wrong. */
export function operation<
  Document,
  Query extends z.ZodObject = typeof noQuery,
  Body extends z.ZodType = z.ZodUndefined,
>(
  written: Written<Query, Body> & {
    readonly document: z.ZodType<Document>
    readonly answer: Answered<Query, Body, Document>
  },
): Operation {
  const { document, answer } = written
  return described(written, { document }, async (asked) => {
    const given = await answer(asked)
    return given instanceof Refusal ? given.answer : json(given)
  })
}

/** An operation that answers with something else than a document. */
export function otherOperation<Query extends z.ZodObject = typeof noQuery, Body extends z.ZodType = z.ZodUndefined>(
  written: Written<Query, Body> & {
    readonly contentType: string
    readonly words: string
    readonly answer: Answered<Query, Body, Answer>
  },
): Operation {
  const { contentType, words, answer } = written
  return described(written, { contentType, words }, async (asked) => {
    const given = await answer(asked)
    return given instanceof Refusal ? given.answer : given
  })
}

/** A route that checks by itself what it is asked. */
export function describe(
  route: Route,
  written: Omit<Description, 'query' | 'body' | 'problems' | 'writes'> &
    Partial<Pick<Description, 'query' | 'body' | 'problems' | 'writes'>>,
): Operation {
  return { ...route, described: { query: undefined, body: undefined, problems: [], writes: false, ...written } }
}

function described<Query extends z.ZodObject, Body extends z.ZodType>(
  { method, path, maxBodyBytes, ...written }: Written<Query, Body>,
  answers: Answers,
  answer: (asked: Asked<z.output<Query>, z.output<Body>>) => Promise<Answer>,
): Operation {
  const { id, tag, summary, writes = false, query, body, problems = [] } = written
  const expectsNothing = query === undefined && body === undefined
  const querySchema = query ?? noQuery
  const { properties = {} } = z.toJSONSchema(querySchema, { io: 'input' })
  return {
    ...{ method, path, ...(maxBodyBytes !== undefined && { maxBodyBytes }) },
    described: {
      ...{ id, tag, summary, writes, query, body, answers },
      problems: expectsNothing ? problems : [400, ...problems],
    },
    answer: async (request) => {
      const readQuery = querySchema.safeParse(typedQuery(request.query, properties))
      const readBody = body?.safeParse(request.body)
      if (!readQuery.success) return problem(400, wordsOf(readQuery.error, 'the query'))
      if (readBody?.success === false) return problem(400, wordsOf(readBody.error, 'the body'))
      return answer({
        ...request,
        query: readQuery.data as z.output<Query>,
        body: readBody?.data as z.output<Body>,
      })
    },
  }
}

/** Each parameter as the kind of value that is expected there, by the properties of a JSON Schema, where it is written like one. */
function typedQuery(
  query: URLSearchParams,
  properties: NonNullable<z.core.JSONSchema.ObjectSchema['properties']>,
): Readonly<Record<string, unknown>> {
  const pairs = [...new Set(query.keys())].map((name): [string, unknown] => {
    const [text = '', ...others] = query.getAll(name)
    const expected = Object.hasOwn(properties, name) ? properties[name] : undefined
    const type = typeof expected === 'object' ? expected.type : undefined
    if (others.length > 0) return [name, [text, ...others]]
    if (type === 'integer' && /^(?:0|[1-9]\d{0,14})$/.test(text)) return [name, Number(text)]
    if (type === 'boolean' && /^(?:true|false)$/.test(text)) return [name, text === 'true']
    return [name, text]
  })
  return Object.fromEntries(pairs)
}

function wordsOf(error: z.ZodError, whole: string): string {
  return error.issues.map(({ path, message }) => `${path.map(String).join('.') || whole}: ${message}`).join('; ')
}
