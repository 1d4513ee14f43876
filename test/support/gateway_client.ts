import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2'
import { request as requestHttp1 } from 'node:https'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { secretWatch } from './secret_watch.ts'

export interface ClientCertificate {
  readonly pem: string
  readonly privateKeyPem: string
}

export interface Asked {
  readonly protocol: 'http/1.1' | 'h2'
  /** In the handshake; an empty one sends none. */
  readonly sni: string
  readonly path: string
  /** Default: the SNI. */
  readonly host?: string
  readonly method?: string
  /** `[name, value]`, in this spelling and order, repeated where repeated. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
  readonly trailers?: Readonly<Record<string, string>>
  readonly certificate?: ClientCertificate
  /** A TLS session to resume. */
  readonly session?: Buffer
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Asks a gateway on 127.0.0.1 over a new connection. Rejects when the connection or the stream is broken off. */
export async function ask(port: number, authorityPem: string, asked: Asked): Promise<Answered> {
  const socket = await handshake(port, authorityPem, asked)
  try {
    return await (asked.protocol === 'h2' ? overHttp2(socket, asked) : overHttp1(socket, asked))
  } finally {
    socket.destroy()
  }
}

/** A connection that stays open, for one request after another. */
export interface OpenConnection {
  /** Rejects once the connection is closed. */
  ask(asked: Asked): Promise<Answered>
  readonly closed: boolean
  close(): void
}

/** Over HTTP/2, with the handshake of `asked`. */
export async function openConnection(port: number, authorityPem: string, asked: Asked): Promise<OpenConnection> {
  const socket = await handshake(port, authorityPem, { ...asked, protocol: 'h2' })
  const session = sessionOver(socket)
  session.on('error', () => {})
  return {
    ask: (next) => requestOn(session, next),
    get closed() {
      return session.closed
    },
    close: () => session.destroy(),
  }
}

export type HandshakeOutcome = 'accepted' | 'refused'

/** In TLS 1.3 a client learns only after its own handshake is complete that the server refused its certificate. */
export async function handshakeOutcome(port: number, authorityPem: string, asked: Asked): Promise<HandshakeOutcome> {
  try {
    await ask(port, authorityPem, asked)
    return 'accepted'
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code.startsWith('ERR_SSL') || code === 'ECONNRESET' || code === 'EPIPE') return 'refused'
    throw error
  }
}

/** A ticket with which the session of a first request can be resumed. */
export async function sessionOf(port: number, authorityPem: string, asked: Asked): Promise<Buffer> {
  const socket = open(port, authorityPem, asked)
  // TLS 1.3 sends it after the handshake, at leisure.
  const ticket = once(socket, 'session') as Promise<[Buffer]>
  await once(socket, 'secureConnect')
  await overHttp1(socket, asked)
  const [session] = await ticket
  socket.destroy()
  return session
}

/** Sends text as it is over a new connection, and reads until the gateway closes it. */
export async function askVerbatim(port: number, authorityPem: string, sni: string, text: string): Promise<string> {
  const socket = await handshake(port, authorityPem, { protocol: 'http/1.1', sni, path: '' })
  socket.write(text)
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

async function handshake(port: number, authorityPem: string, asked: Asked): Promise<TLSSocket> {
  const socket = open(port, authorityPem, asked)
  await once(socket, 'secureConnect')
  return socket
}

function open(port: number, authorityPem: string, asked: Asked): TLSSocket {
  const options: ConnectionOptions = {
    host: '127.0.0.1',
    port,
    servername: asked.sni,
    ca: authorityPem,
    ALPNProtocols: [asked.protocol],
    ...(asked.certificate && { cert: asked.certificate.pem, key: asked.certificate.privateKeyPem }),
    ...(asked.session && { session: asked.session }),
  }
  return connectTls(options)
}

function overHttp1(socket: TLSSocket, asked: Asked): Promise<Answered> {
  const { path, method = 'GET', body, trailers } = asked
  const headers = [['host', asked.host ?? asked.sni] as const, ...(asked.headers ?? [])]
  watchCredentials(asked)
  return new Promise((resolve, reject) => {
    const outgoing = requestHttp1(
      { createConnection: () => socket, path, method, headers: headers.flat() as never, setHost: false },
      async (incoming) => {
        const parts: Buffer[] = []
        for await (const part of incoming) parts.push(part as Buffer)
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(parts).toString() })
      },
    )
    outgoing.on('error', reject)
    if (trailers) outgoing.addTrailers(trailers)
    outgoing.end(body)
  })
}

const sessionOver = (socket: TLSSocket): ClientHttp2Session =>
  connectHttp2('https://gateway', { createConnection: () => socket })

function overHttp2(socket: TLSSocket, asked: Asked): Promise<Answered> {
  const session = sessionOver(socket)
  return new Promise((resolve, reject) => {
    session.on('error', reject)
    requestOn(session, asked).then(resolve, reject)
  })
}

function requestOn(session: ClientHttp2Session, asked: Asked): Promise<Answered> {
  watchCredentials(asked)
  const { path, method = 'GET', body = '', trailers } = asked
  return new Promise((resolve, reject) => {
    const stream = session.request(
      {
        [constants.HTTP2_HEADER_METHOD]: method,
        [constants.HTTP2_HEADER_PATH]: path,
        [constants.HTTP2_HEADER_AUTHORITY]: asked.host ?? asked.sni,
        ...headerObject(asked.headers ?? []),
      },
      { endStream: false, waitForTrailers: trailers !== undefined },
    )
    const parts: Buffer[] = []
    let answered: Record<string, unknown> | undefined
    stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }))
    stream.on('response', (headers) => {
      answered = headers
    })
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('error', reject)
    stream.on('close', () => {
      if (answered === undefined) return reject(Object.assign(new Error('no answer'), { code: 'ECONNRESET' }))
      resolve({ status: Number(answered[':status']), headers: answered, body: Buffer.concat(parts).toString() })
    })
    stream.end(body)
  })
}

function watchCredentials({ headers = [] }: Asked): void {
  for (const [name, value] of headers) if (name === 'authorization') secretWatch.addAuthorization(value)
}

function headerObject(headers: readonly (readonly [string, string])[]): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {}
  for (const [name, value] of headers) {
    const before = object[name]
    object[name] = before === undefined ? value : [before, value].flat()
  }
  return object
}
