import { once } from 'node:events'
import { type Connecting, connectTo } from './verbatim.ts'

/** Headers in this order and spelling, pseudo-headers among them: what node:http2 would not send. */
export type HeaderBlock = readonly (readonly [string, string])[]

export interface RawRequest {
  readonly headers: HeaderBlock
  readonly body?: string
  readonly trailers?: HeaderBlock
}

/** What became of a stream: its answer came to an end, it was reset, or the connection ended. */
export type StreamEnd = 'answered' | 'reset' | 'closed'

const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7 } as const
const flags = { acknowledged: 1, endStream: 1, endHeaders: 4 } as const
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
/** Who says nothing at all is not waited for. */
const patienceMs = 3_000

/** Requests by hand-made frames (RFC 9113), each on a stream of one new connection, and what became of each. */
export async function sendFrames(
  port: number,
  authorityPem: string,
  connecting: Connecting,
  requests: readonly RawRequest[],
): Promise<readonly StreamEnd[]> {
  const socket = await connectTo(port, authorityPem, { ...connecting, alpn: ['h2'] })
  const ends = new Map<number, StreamEnd>()
  const streams = requests.map((_, index) => index * 2 + 1)
  const done = new AbortController()
  let pending: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    for (let frame = frameIn(pending); frame !== undefined; frame = frameIn(pending)) {
      pending = pending.subarray(9 + frame.length)
      if (frame.type === frameTypes.settings && (frame.flags & flags.acknowledged) === 0)
        socket.write(frameOf(frameTypes.settings, flags.acknowledged, 0))
      if (frame.type === frameTypes.reset) ends.set(frame.stream, ends.get(frame.stream) ?? 'reset')
      const carries = frame.type === frameTypes.data || frame.type === frameTypes.headers
      if (carries && (frame.flags & flags.endStream) !== 0) ends.set(frame.stream, 'answered')
      // Envoy says goodbye to who breaks the protocol, and answers nothing more.
      if (frame.type === frameTypes.goAway || streams.every((stream) => ends.has(stream))) done.abort()
    }
  })
  socket.on('error', () => {})
  socket.on('close', () => done.abort())
  const patience = setTimeout(() => done.abort(), patienceMs)
  socket.write(Buffer.concat([Buffer.from(preface), frameOf(frameTypes.settings, 0, 0)]))
  for (const [index, request] of requests.entries()) socket.write(framesOf(request, streams[index] ?? 1))
  if (!done.signal.aborted) await once(done.signal, 'abort')
  clearTimeout(patience)
  socket.destroy()
  return streams.map((stream) => ends.get(stream) ?? 'closed')
}

function framesOf({ headers, body, trailers }: RawRequest, stream: number): Buffer {
  const ends = (isLast: boolean) => (isLast ? flags.endStream : 0)
  const block = (fields: HeaderBlock, isLast: boolean) =>
    frameOf(frameTypes.headers, flags.endHeaders | ends(isLast), stream, encoded(fields))
  return Buffer.concat([
    block(headers, body === undefined && trailers === undefined),
    ...(body === undefined ? [] : [frameOf(frameTypes.data, ends(trailers === undefined), stream, Buffer.from(body))]),
    ...(trailers === undefined ? [] : [block(trailers, true)]),
  ])
}

function frameOf(type: number, frameFlags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(frameFlags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

function frameIn(bytes: Buffer) {
  if (bytes.length < 9) return undefined
  const length = bytes.readUIntBE(0, 3)
  if (bytes.length < 9 + length) return undefined
  return { length, type: bytes.readUInt8(3), flags: bytes.readUInt8(4), stream: bytes.readUInt32BE(5) & 0x7fffffff }
}

/** Literal fields without indexing and without Huffman codes (RFC 7541 6.2.2), so that every octet is sent as it is. */
function encoded(fields: HeaderBlock): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, 'latin1')
    if (bytes.length > 126) throw new Error('longer than one octet says')
    return Buffer.concat([Buffer.of(bytes.length), bytes])
  }
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))
}
