import { z } from 'zod'
import type { CheckRequest__Output } from './generated/envoy/service/auth/v3/CheckRequest.ts'

/** What is read of a request; everything else that Envoy sends may stand beside it. */
export interface ReadAttributes {
  readonly policy?: string | undefined
  readonly sni?: string | undefined
  readonly host?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Percent-encoded PEM, as on the wire. */
  readonly certificate?: string | undefined
  readonly method?: string | undefined
  /** With the query. */
  readonly path?: string | undefined
  /** As Envoy hands it over, as bytes. */
  readonly body?: Uint8Array | undefined
  /** Of the body, by Envoy's count; -1 where it did not say. */
  readonly size?: number | undefined
}

/** The message that Envoy sends for these attributes, as grpc-js hands it over. */
export function checkRequestOf(read: ReadAttributes): CheckRequest__Output {
  const { policy, sni, host, headers, certificate, method = '', path = '', size = -1, body = new Uint8Array() } = read
  return {
    attributes: {
      source: { address: null, service: '', labels: {}, principal: '', certificate: certificate ?? '' },
      destination: null,
      request: {
        time: null,
        http: {
          ...{ id: '', method, headers: { ...headers }, header_map: null, path, host: host ?? '', scheme: '' },
          ...{ query: '', fragment: '', size, protocol: '', body: '', raw_body: Buffer.from(body) },
        },
      },
      context_extensions: policy === undefined ? {} : { policy },
      metadata_context: null,
      route_metadata_context: null,
      tls_session: sni === undefined ? null : { sni },
    },
  }
}

const text = z.string().nullish()
/** Protobuf writes numbers of 64 bits as texts. */
const number = z.coerce.number().int().nullish()
/** As JSON of protobuf has them, and as Node.js writes a Buffer. */
const bytes = z.union([z.base64(), z.object({ data: z.array(z.number().int().min(0).max(255)) })]).nullish()
const texts = z.record(z.string(), z.string()).nullish()
const messageSchema = z.object({
  attributes: z.object({
    source: z.object({ certificate: text }).nullish(),
    request: z.object({
      http: z.object({
        ...{ host: text, headers: texts, method: text, path: text, size: number },
        ...{ raw_body: bytes, rawBody: bytes, body: text },
      }),
    }),
    context_extensions: texts,
    tls_session: z.object({ sni: text }).nullish(),
  }),
})

/** Both spellings that JSON of protobuf knows of a field's name. */
const otherSpellings: Readonly<Record<string, string>> = {
  contextExtensions: 'context_extensions',
  tlsSession: 'tls_session',
}

/**
 * A `CheckRequest` in the JSON of protobuf, fields in snake or in camel case. Throws an Error that names what is missing or is
 * no such message.
 */
export function checkRequestFromJson(json: string): ReadAttributes {
  const message = messageSchema.safeParse(withSnakeCase(parsed(json)))
  if (!message.success) {
    const [issue] = message.error.issues
    throw new Error(`no CheckRequest: ${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'unreadable'}`)
  }
  const { source, request, context_extensions, tls_session } = message.data.attributes
  const { http } = request
  return {
    policy: context_extensions?.['policy'],
    sni: tls_session?.sni ?? undefined,
    host: http.host ?? undefined,
    headers: http.headers ?? undefined,
    certificate: source?.certificate ?? undefined,
    ...(http.method ? { method: http.method } : {}),
    ...(http.path ? { path: http.path } : {}),
    ...(http.size ? { size: http.size } : {}),
    ...bodyIn(http),
  }
}

function bodyIn({ raw_body, rawBody, body }: z.output<typeof messageSchema>['attributes']['request']['http']) {
  const raw = raw_body ?? rawBody ?? ''
  const bytes = typeof raw === 'string' ? Buffer.from(raw, 'base64') : Buffer.from(raw.data)
  const read = bytes.length > 0 ? bytes : Buffer.from(body ?? '', 'utf8')
  return read.length > 0 ? { body: read } : {}
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // The message of the JSON parser quotes the text, which may hold credentials.
    throw new Error('not JSON')
  }
}

function withSnakeCase(message: unknown): unknown {
  if (typeof message !== 'object' || message === null || !('attributes' in message)) return message
  const { attributes } = message
  if (typeof attributes !== 'object' || attributes === null) return message
  const renamed = Object.entries(attributes).map(([name, value]) => [otherSpellings[name] ?? name, value])
  return { attributes: Object.fromEntries(renamed) as unknown }
}
