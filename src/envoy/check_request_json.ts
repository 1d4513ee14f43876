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
}

/** The message that Envoy sends for these attributes, as grpc-js hands it over. */
export function checkRequestOf({ policy, sni, host, headers, certificate }: ReadAttributes): CheckRequest__Output {
  return {
    attributes: {
      source: { address: null, service: '', labels: {}, principal: '', certificate: certificate ?? '' },
      destination: null,
      request: {
        time: null,
        http: {
          ...{ id: '', method: '', headers: { ...headers }, header_map: null, path: '', host: host ?? '', scheme: '' },
          ...{ query: '', fragment: '', size: 0, protocol: '', body: '', raw_body: Buffer.alloc(0) },
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
const texts = z.record(z.string(), z.string()).nullish()
const messageSchema = z.object({
  attributes: z.object({
    source: z.object({ certificate: text }).nullish(),
    request: z.object({ http: z.object({ host: text, headers: texts }) }),
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
  return {
    policy: context_extensions?.['policy'],
    sni: tls_session?.sni ?? undefined,
    host: request.http.host ?? undefined,
    headers: request.http.headers ?? undefined,
    certificate: source?.certificate ?? undefined,
  }
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
