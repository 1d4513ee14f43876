import type { Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Server } from '@grpc/grpc-js'
import { TokenBuckets } from '../limits/token_buckets.ts'
import { http2ServersOf } from './http2_servers.ts'
import { type LargeRequestLimits, LargeRequests } from './large_requests.ts'

/** What a peer may cost. Envoy has one connection for each worker and one for its main thread, and its requests come whole. */
export interface SessionLimits {
  /** Connections at once. */
  readonly connections: number
  /** How often a new one is taken, by this process. */
  readonly opening: { readonly requests: number; readonly perMs: number }
  /** How many of those that are not taken are kept waiting, and for how long: who is shut out at once tries again at once. */
  readonly refused: { readonly waiting: number; readonly waitMs: number }
  /** Streams of one connection that came to nothing: reset (CVE-2023-44487), or with no request in them. */
  readonly broken: { readonly requests: number; readonly perMs: number }
  /** Requests that have not come whole yet, of all connections together: what they have sent is held in memory. */
  readonly unfinished: number
  /** Of each connection. */
  readonly large: LargeRequestLimits
  /** How long one may take to come. */
  readonly unfinishedMs: number
  /** Streams that go on, such as those of SDS, of all connections together. */
  readonly lasting: number
}

export const sessionLimits: SessionLimits = {
  connections: 256,
  opening: { requests: 64, perMs: 64_000 },
  refused: { waiting: 64, waitMs: 1_000 },
  // An Envoy whose callers hang up resets streams too; one that has to connect anew loses no request.
  broken: { requests: 100, perMs: 2_000 },
  large: { bytes: 32 * 1024, atOnce: 8 },
  ...{ unfinished: 256, unfinishedMs: 5_000, lasting: 1_024 },
}

/** How long a connection that is given up may finish what it has under way. */
const graceMs = 2_000
const everybody = 'everybody'

/**
 * Bounds what peers cost on the servers that grpc-js has bound so far; call it once they are bound. Who goes beyond is sent away
 * (GOAWAY), and what it has under way is still answered. Says whether there was any server.
 */
export function guardSessions(server: Server, unaryPath: string, limits = sessionLimits): boolean {
  const servers = http2ServersOf(server)
  for (const each of servers) new SessionGuard(each, unaryPath, limits)
  return servers.length > 0
}

class SessionGuard {
  readonly #unaryPath: string
  readonly #limits: SessionLimits
  readonly #opened = new TokenBuckets()
  /** When each began, the longest under way first. */
  readonly #unfinished = new Map<ServerHttp2Stream, number>()
  readonly #lasting = new Set<ServerHttp2Stream>()
  #waiting = 0

  constructor(server: Http2Server, unaryPath: string, limits: SessionLimits) {
    this.#unaryPath = unaryPath
    this.#limits = limits
    server.maxConnections = limits.connections
    const taken = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      if (this.#opened.take(everybody, limits.opening, new Date()) > 0) this.#refuse(socket)
      else for (const take of taken) take.call(server, socket)
    })
    server.on('session', (session) => this.#watch(session))
    const sweep = setInterval(() => this.#sweep(), limits.unfinishedMs / 5).unref()
    server.on('close', () => clearInterval(sweep))
  }

  #refuse(socket: Socket): void {
    const { waiting, waitMs } = this.#limits.refused
    if (this.#waiting >= waiting) {
      socket.destroy()
      return
    }
    this.#waiting++
    const over = setTimeout(() => socket.destroy(), waitMs).unref()
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#waiting--
      clearTimeout(over)
    })
  }

  #watch(session: ServerHttp2Session): void {
    const broken = new TokenBuckets()
    const large = new LargeRequests(this.#limits.large)
    const whole = (stream: ServerHttp2Stream): void => {
      this.#unfinished.delete(stream)
      large.done(stream)
    }
    const closed = (stream: ServerHttp2Stream): void => {
      whole(stream)
      this.#lasting.delete(stream)
      const { rstCode, headersSent, sentHeaders } = stream
      const answered = rstCode === 0 && headersSent && sentHeaders?.['grpc-status'] === undefined
      if (!answered && broken.take(everybody, this.#limits.broken, new Date()) > 0) sendAway(session)
    }
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      stream.on('close', () => closed(stream))
      if (headers[':path'] !== this.#unaryPath) {
        this.#lasting.add(stream)
        if (this.#lasting.size > this.#limits.lasting) sendAway(session)
        return
      }
      this.#unfinished.set(stream, Date.now())
      large.watch(stream)
      stream.on('end', () => whole(stream))
      if (this.#unfinished.size > this.#limits.unfinished) this.#dropWhoeverHoldsMost()
    })
  }

  /** What it has sent is forgotten at once. */
  #dropWhoeverHoldsMost(): void {
    const held = new Map<Http2Session | undefined, number>()
    for (const { session } of this.#unfinished.keys()) held.set(session, (held.get(session) ?? 0) + 1)
    const [worst] = [...held].reduce((most, each) => (each[1] > most[1] ? each : most))
    for (const stream of [...this.#unfinished.keys()]) if (stream.session === worst) this.#unfinished.delete(stream)
    worst?.destroy()
  }

  #sweep(): void {
    const before = Date.now() - this.#limits.unfinishedMs
    for (const [stream, began] of this.#unfinished) {
      if (began > before) return
      this.#unfinished.delete(stream)
      stream.close(cancel)
    }
  }
}

/** RFC 9113 7. */
const cancel = 0x8

function sendAway(session: ServerHttp2Session): void {
  if (session.closed) return
  session.close()
  setTimeout(() => session.destroy(), graceMs).unref()
}
