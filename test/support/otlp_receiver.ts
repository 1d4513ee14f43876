import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import protobuf from 'protobufjs'

type Value = string | number | boolean | undefined

/** A span as it was received: ids in hex. */
export interface ReceivedSpan {
  readonly service: Value
  readonly traceId: string
  readonly spanId: string
  /** Empty where it has no parent. */
  readonly parentSpanId: string
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, Value>>
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, Value>> }[]
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly traceState: string }[]
  readonly isError: boolean
}

/** What OTLP's ExportTraceServiceRequest has of a span, with the numbers of opentelemetry-proto. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; repeated Event events = 11; repeated Link links = 13; Status status = 15;
  }
  message Event { string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; }
  message Status { uint32 code = 3; }
  message KeyValue { string key = 1; Any value = 2; }
  message Any { oneof value { string s = 1; bool b = 2; int64 i = 3; double d = 4; } }
`)
const requestType = root.lookupType('Request')

interface KeyValue {
  readonly key: string
  readonly value?: { readonly s?: string; readonly b?: boolean; readonly i?: number; readonly d?: number }
}
interface WireSpan {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly parentSpanId: Uint8Array
  readonly name: string
  readonly startTimeUnixNano: number
  readonly endTimeUnixNano: number
  readonly attributes: readonly KeyValue[]
  readonly events: readonly { readonly name: string; readonly attributes: readonly KeyValue[] }[]
  readonly links: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array; readonly traceState: string }[]
  readonly status?: { readonly code: number }
}
interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes: readonly KeyValue[] }
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[]
  }[]
}

/** A receiver of OTLP over HTTP, on a free port of loopback. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = []
  readonly headers: IncomingMessage['headers'][] = []
  /** The bytes of every request, one after another. */
  received = Buffer.alloc(0)
  /** What it answers from now on. */
  status = 200
  readonly #server: Server
  readonly #waiting = new Set<() => void>()

  private constructor(server: Server) {
    this.#server = server
    server.on('request', async (request: IncomingMessage, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      this.#take(request.headers, Buffer.concat(chunks))
      response.writeHead(this.status, { 'content-type': 'application/x-protobuf' }).end()
    })
  }

  static async start(port = 0): Promise<OtlpReceiver> {
    const server = createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new OtlpReceiver(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1/traces`
  }

  /** What `find` finds among the spans, waiting for it. */
  async found<Found>(find: (spans: readonly ReceivedSpan[]) => Found | undefined): Promise<Found> {
    for (;;) {
      const found = find(this.spans)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #take(headers: IncomingMessage['headers'], body: Buffer): void {
    this.headers.push(headers)
    this.received = Buffer.concat([this.received, body])
    if (this.status !== 200) return
    const request = requestType.toObject(requestType.decode(body), { longs: Number, arrays: true }) as WireRequest
    for (const { resource, scopeSpans } of request.resourceSpans) {
      const service = valuesOf(resource?.attributes ?? [])['service.name']
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans.map((span) => spanOf(span, service))))
    }
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }
}

function spanOf(wire: WireSpan, service: Value): ReceivedSpan {
  return {
    service,
    traceId: hex(wire.traceId),
    spanId: hex(wire.spanId),
    parentSpanId: hex(wire.parentSpanId),
    name: wire.name,
    startMs: wire.startTimeUnixNano / 1e6,
    endMs: wire.endTimeUnixNano / 1e6,
    attributes: valuesOf(wire.attributes),
    events: wire.events.map(({ name, attributes }) => ({ name, attributes: valuesOf(attributes) })),
    links: wire.links.map(({ traceId, spanId, traceState = '' }) => ({
      ...{ traceId: hex(traceId), spanId: hex(spanId), traceState },
    })),
    isError: wire.status?.code === 2,
  }
}

const valuesOf = (attributes: readonly KeyValue[]): Record<string, Value> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value?.s ?? value?.b ?? value?.i ?? value?.d]))

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')
