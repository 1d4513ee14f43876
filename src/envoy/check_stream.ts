import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { type Metadata, type MethodDefinition, type Server, type ServiceError, status } from '@grpc/grpc-js'
import { http2ServersOf } from './http2_servers.ts'
import { Pieces } from './pieces.ts'

/*
 * One method, answered on the HTTP/2 stream that it came on. grpc-js keeps the port, the sessions and every other method; what it
 * does for one call (a chain of interceptors, metadata, queues, promises) costs more than a decision (docs/adr/0011). What is not an
 * uncompressed unary call goes its way.
 */

/** A call as it came: with its message, and what of its metadata may be asked for. */
export interface UnaryCall<Request> {
  readonly request: Request
  readonly metadata: Pick<Metadata, 'get'>
}

/** The same contract as grpc-js's `handleUnaryCall`. */
export type UnaryHandler<Request, Response> = (
  call: UnaryCall<Request>,
  callback: (error: Pick<ServiceError, 'code' | 'details'> | null, response?: Response | null) => void,
) => void

export interface StreamedMethod<Request, Response> {
  readonly definition: Pick<MethodDefinition<Request, Response>, 'path' | 'requestDeserialize' | 'responseSerialize'>
  readonly handler: UnaryHandler<Request, Response>
  /** A longer message is refused. */
  readonly maxMessageBytes: number
}

/** A message on the wire: whether it is compressed, four octets of length, and its bytes. */
const prefixBytes = 5
/** HTTP/2 over gRPC, Timeout. */
const timeout = /^(\d{1,8})([HMSmun])$/
const msOf: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }
const contentType = 'application/grpc+proto'
const responseHeaders = { ':status': 200, 'content-type': contentType }
const withTrailers = { waitForTrailers: true, sendDate: false }
const withoutMore = { endStream: true, sendDate: false }
const okTrailers = { 'grpc-status': String(status.OK) }

/**
 * Answers the method's calls on the servers that grpc-js has bound so far; call it once they are bound. Says whether there was
 * any: where a release of grpc-js keeps them elsewhere, it answers the calls itself.
 */
export function answerOnStream<Request, Response>(server: Server, method: StreamedMethod<Request, Response>): boolean {
  const servers = http2ServersOf(server)
  for (const http2Server of servers) {
    const others = http2Server.listeners('stream')
    http2Server.removeAllListeners('stream')
    http2Server.on('stream', (stream, headers, ...more) => {
      if (headers[':path'] === method.definition.path && isPlain(headers)) answer(stream, headers, method)
      else for (const listener of others) listener.call(http2Server, stream, headers, ...more)
    })
  }
  return servers.length > 0
}

function isPlain(headers: IncomingHttpHeaders): boolean {
  const { 'grpc-encoding': encoding, 'grpc-timeout': limit, 'content-type': type } = headers
  return (
    (type === 'application/grpc' || type === contentType) &&
    (encoding === undefined || encoding === 'identity') &&
    (limit === undefined || (typeof limit === 'string' && timeout.test(limit)))
  )
}

function answer<Request, Response>(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { definition, handler, maxMessageBytes }: StreamedMethod<Request, Response>,
): void {
  const pieces = new Pieces()
  let answered = false
  let timer: NodeJS.Timeout | undefined

  const fail = (code: status, details: string): void => {
    if (!take()) return
    const message = { 'grpc-status': String(code), 'grpc-message': encodeURI(details) }
    stream.respond({ ...responseHeaders, ...message }, withoutMore)
    // What still comes is for nobody.
    stream.resume()
  }
  /** Whether an answer may be given: there is none yet, and somebody to hear it. */
  const take = (): boolean => {
    if (answered) return false
    answered = true
    clearTimeout(timer)
    return !stream.destroyed && !stream.closed
  }

  stream.on('error', ignored)
  stream.on('data', (chunk: Buffer) => {
    if (answered) return
    pieces.add(chunk)
    const received = pieces.bytes
    if (received.length < prefixBytes) return
    const length = received.readUInt32BE(1)
    if (length > maxMessageBytes)
      fail(status.RESOURCE_EXHAUSTED, `Received message larger than max (${length} vs. ${maxMessageBytes})`)
    else if (received.length > prefixBytes + length) fail(status.UNIMPLEMENTED, 'Received more than one message')
  })
  stream.on('end', () => {
    if (answered) return
    const received = pieces.bytes
    if (received.length < prefixBytes || received.length < prefixBytes + received.readUInt32BE(1))
      return fail(status.UNIMPLEMENTED, 'Received no whole message')
    if (received[0] !== 0) return fail(status.INTERNAL, 'Received a compressed message without its encoding')
    let request: Request
    try {
      request = definition.requestDeserialize(received.subarray(prefixBytes))
    } catch {
      return fail(status.INTERNAL, 'Error deserializing request')
    }
    handler({ request, metadata: new StreamMetadata(headers) }, (error, response) => {
      if (error !== null) return fail(error.code, error.details)
      if (!take() || response === undefined || response === null) return
      stream.respond(responseHeaders, withTrailers)
      stream.once('wantTrailers', sendOk)
      stream.end(framed(definition.responseSerialize(response)))
    })
  })
  const limit = headers['grpc-timeout']
  if (typeof limit === 'string')
    timer = setTimeout(() => fail(status.DEADLINE_EXCEEDED, 'Deadline exceeded'), msIn(limit))
}

const ignored = (): void => {}

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(okTrailers)
}

function framed(message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + message.length)
  bytes[0] = 0
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, prefixBytes)
  return bytes
}

/** The longest that a timer of Node.js waits. */
const maxTimerMs = 2 ** 31 - 1

function msIn(limit: string): number {
  const [, digits, unit = ''] = timeout.exec(limit) ?? []
  return Math.min(Number(digits) * (msOf[unit] ?? 0), maxTimerMs)
}

/** Metadata that is only looked at where it is asked for. */
class StreamMetadata {
  readonly #headers: IncomingHttpHeaders

  constructor(headers: IncomingHttpHeaders) {
    this.#headers = headers
  }

  get(name: string): string[] {
    const value = this.#headers[name]
    return value === undefined ? [] : [value].flat()
  }
}
