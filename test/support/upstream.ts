import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the upstream answers: the request as it arrived. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** As `[name, value, name, value, ...]`, spelled and ordered as sent. */
  readonly rawHeaders: readonly string[]
  readonly trailers: NodeJS.Dict<string>
  readonly bodyBytes: number
}

export interface RunningUpstream {
  readonly port: number
  /** How many requests arrived. */
  readonly requests: number
  /** The latest one. */
  readonly last: Received | undefined
  /** All of them, oldest first: what asked for a tunnel, and what could not be read, too. */
  readonly all: readonly Received[]
  stop(): Promise<void>
}

/** An HTTP/1.1 server on loopback, on a free port unless one is named, that answers 200 with what it received, as JSON. */
export async function startUpstream(wantedPort = 0): Promise<RunningUpstream> {
  let requests = 0
  const all: Received[] = []
  const keep = ({ method = '', url: path = '', headers, rawHeaders, trailers }: IncomingMessage, bodyBytes: number) => {
    const received = { method, path, headers, rawHeaders, trailers, bodyBytes }
    all.push(received)
    return received
  }
  const server = createServer(async (incoming, outgoing) => {
    requests += 1
    let bodyBytes = 0
    for await (const part of incoming) bodyBytes += (part as Buffer).length
    const received = keep(incoming, bodyBytes)
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(received))
  })
  server.on('checkExpectation', (incoming, outgoing) => server.emit('request', incoming, outgoing))
  server.on('connect', (incoming, socket) => {
    requests += 1
    keep(incoming, 0)
    socket.destroy()
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    socket.destroy()
    if (error.code?.startsWith('HPE_') !== true) return
    requests += 1
    all.push({ method: 'unreadable', path: error.message, headers: {}, rawHeaders: [], trailers: {}, bodyBytes: 0 })
  })
  server.listen(wantedPort, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get requests() {
      return requests
    },
    get last() {
      return all.at(-1)
    },
    all,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
