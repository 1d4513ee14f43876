import { Agent, type RequestOptions, request } from 'node:https'
import type { IssuedCertificate } from '../test/support/pki.ts'

export interface Call {
  readonly path: string
  /** The hostname in the handshake; Host is the same unless it is given. */
  readonly sni: string
  readonly host?: string
  readonly certificate?: IssuedCertificate
  /** What the client sends after its leaf, as its server-side counterpart would not know it. */
  readonly chainPem?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Sent by POST. */
  readonly body?: string
  /** The loopback address to call from. Default: 127.0.0.1. */
  readonly from?: string
  /** A connection that stays open between calls. */
  readonly agent?: Agent
}

export type Answer =
  | {
      readonly kind: 'http'
      readonly status: number
      readonly headers: NodeJS.Dict<string | string[]>
      readonly body: string
    }
  /** The server broke the connection off before any answer. */
  | { readonly kind: 'handshake'; readonly alert: string }

/** Calls the gateway as a third party does, over real TLS on loopback. Rejects where it could not even connect. */
export function call(port: number, authorityPem: string, asked: Call): Promise<Answer> {
  const options: RequestOptions = {
    host: '127.0.0.1',
    port,
    path: asked.path,
    servername: asked.sni,
    ca: authorityPem,
    headers: { host: asked.host ?? asked.sni, ...asked.headers },
    agent: asked.agent ?? false,
    method: asked.body === undefined ? 'GET' : 'POST',
    ...(asked.from && { localAddress: asked.from }),
    ...(asked.certificate && {
      cert: asked.certificate.pem + (asked.chainPem ?? ''),
      key: asked.certificate.privateKeyPem,
    }),
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      const parts: Buffer[] = []
      incoming.on('data', (part: Buffer) => parts.push(part))
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({
          kind: 'http',
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(parts).toString('utf8'),
        }),
      )
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? ''
      if (code.startsWith('ERR_SSL') || code === 'ECONNRESET') resolve({ kind: 'handshake', alert: code })
      else reject(error)
    })
    outgoing.setTimeout(10_000, () => outgoing.destroy(new Error(`no answer to ${asked.path} within 10 s`)))
    outgoing.end(asked.body)
  })
}

/** An agent whose one connection stays open until it is destroyed. */
export function openConnection(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 })
}

/** The code of the refusal in an answer's body, or the upstream's word for an allowed one. */
export function codeOf(answer: Answer): string {
  if (answer.kind === 'handshake') return 'refused in the handshake'
  try {
    const body = JSON.parse(answer.body) as { code?: string }
    return body.code ?? (answer.status === 200 ? 'allowed' : 'no code')
  } catch {
    return 'no JSON'
  }
}
