import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http'

/** One thing that the admin port answers. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** A segment in braces stands for any text of the kind that it names, which becomes a parameter. */
  readonly path: string
  /** Of the body of a POST; default: 64 KiB. */
  readonly maxBodyBytes?: number
  readonly answer: (request: AdminRequest) => Answer | Promise<Answer>
}

export interface AdminRequest {
  readonly parameters: Readonly<Record<string, string>>
  /** What follows the question mark, as yet unchecked. */
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The address that asks; empty on a Unix socket. */
  readonly source: string
  /** What the JSON of a POST says, as yet unchecked; `undefined` where there is none. */
  readonly body: unknown
}

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Whole; or found out meanwhile: of the pieces told on the way a slow reader may miss some, and never the last one. `gone` is
   * aborted when nobody reads any more, or the server stops.
   */
  readonly body: string | Uint8Array | ((tell: (piece: string) => void, gone: AbortSignal) => Promise<string>)
}

export function json(value: unknown): Answer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(value)}\n` }
}

/** RFC 9457. The detail is for whoever asked: nothing of the service's inside has a place in it. */
export function problem(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = `${JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail })}\n`
  return { status, contentType: 'application/problem+json', headers, body }
}

/** What a segment in braces stands for. */
const kinds: Readonly<Record<string, RegExp>> = {
  '{sha256}': /^[0-9a-f]{64}$/i,
  '{number}': /^[0-9]{1,15}$/,
  '{page}': /^[a-z]{1,32}$/,
  '{file}': /^[\w-]{1,64}(?:\.[\w-]{1,32}){1,2}$/,
}

/** The route that answers, with its parameters; otherwise the problem: no such path, or not by this method. */
export function routeFor(
  routes: readonly Route[],
  method: string,
  path: string,
): { readonly route: Route; readonly parameters: Readonly<Record<string, string>> } | { readonly refused: Answer } {
  const found = routes.flatMap((route) => {
    const parameters = parametersOf(route.path, path)
    return parameters === undefined ? [] : [{ route, parameters }]
  })
  if (found.length === 0) return { refused: problem(404, 'There is nothing at this path.') }
  const answering = found.find(({ route }) => route.method === method)
  if (answering !== undefined) return answering
  const allow = found.map(({ route }) => route.method).join(', ')
  return { refused: problem(405, `This path answers ${allow}.`, { allow }) }
}

function parametersOf(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [expected, segments] = [pattern.split('/'), path.split('/')]
  const pairs = expected.map((each, i) => [each, segments[i] ?? ''] as const)
  const matches = pairs.every(([each, segment]) => kinds[each]?.test(segment) ?? each === segment)
  if (!matches || expected.length !== segments.length) return undefined
  return Object.fromEntries(pairs.flatMap(([each, segment]) => (each in kinds ? [[each.slice(1, -1), segment]] : [])))
}
