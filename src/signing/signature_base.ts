import { type InnerList, type Item, serializeInnerList, serializeItem } from 'structured-headers'
import type { SignedParts } from '../domain/signature.ts'

/** What a signature is made over (RFC 9421 2): a request, and for `@status` a response. */
export type SignedMessage = Pick<SignedParts, 'method' | 'authority' | 'path' | 'query' | 'headers'> & {
  readonly status?: number
}

/** `line`, in the words of a signature base (RFC 9421 2.5), or why there is none. */
export type ComponentValue = { readonly status: 'found'; readonly line: string } | NoValue

interface NoValue {
  readonly status: 'absent' | 'unsupported'
  readonly name: string
}

/** The signature base with its lines in order, or the component that it cannot be made of. */
export type SignatureBase = { readonly status: 'built'; readonly text: string } | NoValue

/** The `@signature-params` of a member of Signature-Input, in its one form; what was sent otherwise was not signed so. */
export function signatureParams(covered: InnerList): string {
  return serializeInnerList(covered)
}

/** The text that the signature is of (RFC 9421 2.5): a line for each covered component, `@signature-params` last. */
export function signatureBase(message: SignedMessage, covered: InnerList): SignatureBase {
  const lines: string[] = []
  for (const component of covered[0]) {
    const value = componentValue(message, component)
    if (value.status !== 'found') return value
    lines.push(value.line)
  }
  lines.push(`"@signature-params": ${signatureParams(covered)}`)
  return { status: 'built', text: lines.join('\n') }
}

function componentValue(message: SignedMessage, component: Item): ComponentValue {
  const [name, parameters] = component
  const unsupported = { status: 'unsupported', name: serializeItem(component) } as const
  if (typeof name !== 'string') return unsupported
  const isQueryParameter = name === '@query-param'
  if (parameters.size > 0 && !(isQueryParameter && parameters.size === 1)) return unsupported
  const value = isQueryParameter
    ? queryParameter(message.query, parameters.get('name'))
    : name.startsWith('@')
      ? derived[name]?.(message)
      : fieldValue(message, name)
  if (value !== undefined) return { status: 'found', line: `${serializeItem(component)}: ${value}` }
  return name.startsWith('@') && !isQueryParameter ? unsupported : { status: 'absent', name: serializeItem(component) }
}

/** RFC 9421 2.1: the values of one name, each trimmed, in one line. */
function fieldValue({ headers }: SignedMessage, name: string): string | undefined {
  return Object.hasOwn(headers, name) ? headers[name]?.replace(/^[ \t]+|[ \t]+$/g, '') : undefined
}

/** RFC 9421 2.2. */
const derived: Readonly<Record<string, (message: SignedMessage) => string | undefined>> = {
  '@method': ({ method }) => method,
  '@authority': ({ authority }) => authority,
  '@scheme': () => 'https',
  '@target-uri': ({ authority, path, query }) => `https://${authority}${path}${query}`,
  '@request-target': ({ path, query }) => path + query,
  '@path': ({ path }) => path || '/',
  '@query': ({ query }) => query || '?',
  '@status': ({ status }) => (status === undefined ? undefined : String(status)),
}

/** RFC 9421 2.2.8: one that is there several times has no value here, as its note advises. */
function queryParameter(query: string, name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined
  const values = [...new URLSearchParams(query)].filter(([key]) => percentEncoded(key) === name)
  const [first, ...others] = values
  return first === undefined || others.length > 0 ? undefined : percentEncoded(first[1])
}

/** The percent-encode set of application/x-www-form-urlencoded, with `%20` for a space. */
const percentEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
