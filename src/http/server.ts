import { once, setMaxListeners } from 'node:events'
import { chmod } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { addressText, type ListenAddress } from '../listen_address.ts'
import { removeStaleSocket, socketMode } from '../unix_socket.ts'
import { jsonBody } from './request_body.ts'
import { type Answer, problem, type Route, routeFor } from './route.ts'

export interface HttpServerOptions {
  /** Everything that the port answers. */
  readonly routes: readonly Route[]
  /** The answer to a request that is refused whatever it asks for. */
  readonly refusing?: ((request: IncomingMessage) => Answer | undefined) | undefined
  /** PEM; absent where it is not TLS. */
  readonly tls?: { readonly certificate: string | Buffer; readonly key: string | Buffer } | undefined
  /** Default: 64, for the few who operate. */
  readonly maxConnections?: number | undefined
  /** Told what a route threw; whoever asked is told nothing of it. */
  readonly onError: (error: unknown) => void
}

export interface RunningHttpServer {
  /** Where it listens, with the port that was taken. */
  readonly address: string
  /** Answers what was asked, then closes; what is still open after `graceMs` is cut. */
  stop(graceMs: number): Promise<void>
}

/** Operators are few: a client that is slow, or does not stop, keeps nobody else away. */
const limits = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
} as const
const operatorsConnections = 64

/**
 * Serves the few who operate: on a Unix socket, which admits the owner and its group only, or on a port. Throws where the address
 * is taken; a socket file that nobody listens on is replaced.
 */
export async function startHttpServer(address: ListenAddress, options: HttpServerOptions): Promise<RunningHttpServer> {
  const { tls, maxConnections = operatorsConnections } = options
  const stopping = new AbortController()
  // Every answer that goes on listens.
  setMaxListeners(maxConnections * 2, stopping.signal)
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    respond(request, response, options, stopping.signal).catch((error: unknown) => {
      options.onError(error)
      response.destroy()
    })
  }
  const server: Server =
    tls === undefined
      ? createServer(limits, listener)
      : createTlsServer({ ...limits, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' }, listener)
  server.maxConnections = maxConnections
  if (address.kind === 'unix') await removeStaleSocket(address.path)
  server.listen(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port })
  await once(server, 'listening')
  if (address.kind === 'unix') await chmod(address.path, socketMode)
  return { address: takenAddress(server, address), stop: (graceMs) => stop(server, graceMs, stopping) }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpServerOptions,
  stopping: AbortSignal,
): Promise<void> {
  const { status, contentType, headers, body } = await answerTo(request, options)
  response.writeHead(status, {
    'content-type': contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
    ...(typeof body !== 'function' && { 'content-length': Buffer.byteLength(body) }),
  })
  if (typeof body !== 'function') {
    response.end(body)
    return
  }
  response.flushHeaders()
  const closed = new AbortController()
  response.once('close', () => closed.abort())
  const last = await body(
    (piece) => {
      if (!response.destroyed && !response.writableNeedDrain) response.write(piece)
    },
    AbortSignal.any([stopping, closed.signal]),
  )
  response.end(last)
}

async function answerTo(request: IncomingMessage, { routes, refusing, onError }: HttpServerOptions): Promise<Answer> {
  const { method = '', url = '' } = request
  const refused = refusing?.(request)
  if (refused !== undefined) return refused
  const [path = '', ...queries] = url.split('?')
  const found = routeFor(routes, method, path)
  if ('refused' in found) return found.refused
  const read = method === 'POST' ? await jsonBody(request, found.route.maxBodyBytes) : { value: undefined }
  if ('refused' in read) return read.refused
  const query = new URLSearchParams(queries.join('?'))
  const { headers, socket } = request
  const source = socket.remoteAddress ?? ''
  try {
    return await found.route.answer({ parameters: found.parameters, query, headers, source, body: read.value })
  } catch (error) {
    onError(error)
    return problem(500, 'This could not be answered; the log of the service says why.')
  }
}

function takenAddress(server: Server, address: ListenAddress): string {
  const taken = server.address() as AddressInfo | string | null
  const port = typeof taken === 'object' && taken !== null ? taken.port : 0
  return addressText(address.kind === 'unix' ? address : { ...address, port })
}

async function stop(server: Server, graceMs: number, stopping: AbortController): Promise<void> {
  stopping.abort()
  const cut = setTimeout(() => server.closeAllConnections(), graceMs)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  clearTimeout(cut)
}
