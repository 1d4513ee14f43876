/** A responder over real HTTP on a free port of loopback, as well or as badly behaved as a test needs. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** The OCSPRequest: out of the path's last segment, or the body. */
  readonly der: Buffer
}

export type Behaviour = (request: ReceivedRequest, response: ServerResponse) => void

export class TestResponder {
  /** What it does from now on. */
  behaviour: Behaviour
  readonly requests: ReceivedRequest[] = []
  /** How many connections were opened to it. */
  connections = 0
  readonly #server: Server
  readonly #waiting: { count: number; resolve: () => void }[] = []

  private constructor(behaviour: Behaviour, server: Server) {
    this.behaviour = behaviour
    this.#server = server
    server.on('connection', () => {
      this.connections++
    })
    server.on('request', (request, response) => void this.#receive(request, response))
  }

  static async start(behaviour: Behaviour = silent, port = 0): Promise<TestResponder> {
    const server = createServer()
    const responder = new TestResponder(behaviour, server)
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return responder
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/ocsp`
  }

  /** Resolves when this many requests have arrived since the start. */
  async received(count: number): Promise<void> {
    if (this.requests.length >= count) return
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }))
  }

  /** Connections that wait for an answer are cut. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk)
    const { method = '', url: path = '', headers } = message
    const segment = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
    const der = method === 'POST' ? Buffer.concat(chunks) : Buffer.from(segment, 'base64')
    const request = { method, path, headers, der }
    this.requests.push(request)
    for (const { count, resolve } of this.#waiting) if (this.requests.length >= count) resolve()
    this.behaviour(request, response)
  }
}

const mediaType = 'application/ocsp-response'

export const answering =
  (der: Uint8Array | ((request: ReceivedRequest) => Uint8Array), contentType = mediaType): Behaviour =>
  (request, response) =>
    response.writeHead(200, { 'content-type': contentType }).end(typeof der === 'function' ? der(request) : der)

export const status =
  (code: number, body: Uint8Array | string = 'no', headers: Record<string, string> = {}): Behaviour =>
  (_, response) =>
    response.writeHead(code, { 'content-type': mediaType, ...headers }).end(body)

export const html: Behaviour = (_, response) =>
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html><h1>Down for maintenance</h1></html>')

export const redirecting = (location: string): Behaviour => status(302, '', { location })

/** Takes the request and says nothing, ever. */
export const silent: Behaviour = () => {}

/** Says what it will send, and sends a little of it. */
export const stalling: Behaviour = (_, response) => {
  response.writeHead(200, { 'content-type': mediaType, 'content-length': '1000' })
  response.write(Buffer.alloc(10))
}

/** Sends without end, and without saying how much. */
export const endless: Behaviour = (_, response) => {
  response.writeHead(200, { 'content-type': mediaType })
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(16_384)));
  }
  response.on('drain', more)
  more()
}

export const hangingUp: Behaviour = (_, response) => response.socket?.destroy()

export const slowly =
  (delayMs: number, behaviour: Behaviour): Behaviour =>
  (request, response) => {
    const timer = setTimeout(() => behaviour(request, response), delayMs)
    response.on('close', () => clearTimeout(timer))
  }

/** Each behaviour once, the last one from then on. */
export function inTurn(...behaviours: [Behaviour, ...Behaviour[]]): Behaviour {
  let turn = 0
  return (request, response) => behaviours[Math.min(turn++, behaviours.length - 1)]!(request, response)
}
