import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { IssuedCertificate } from '../support/pki.ts'

/** Who calls, again and again. */
export interface Caller {
  /** Also what the upstream is told, so that it can say who arrived. */
  readonly kind: string
  readonly isGood: boolean
  readonly sni: string
  readonly path: string
  readonly certificate?: IssuedCertificate
  readonly authorization?: string
  /** Whether the handshake is where it is refused: then each call makes a new one. */
  readonly byHandshake?: boolean
}

export interface Outcome {
  readonly kind: string
  /** By `performance.now()`. */
  readonly startedMs: number
  readonly endedMs: number
  /** `200`, status and code of a refusal such as `401 cert_revoked`, `handshake`, or `no answer`. */
  readonly result: string
}

export interface LoadOptions {
  readonly port: number
  readonly authorityPem: string
  readonly callers: readonly Caller[]
  /** Calls of each caller in a second, whether or not those before were answered. */
  readonly rate: number
}

/** A session is left after so many requests, so that handshakes go on all the time. */
const requestsPerSession = 100
const answerWithinMs = 10_000

interface HeldSession {
  readonly session: Promise<ClientHttp2Session>
  requests: number
  isOver: boolean
}

/** Calls at a constant rate until it is stopped, and keeps what came of each one. */
export class Load {
  readonly outcomes: Outcome[] = []
  readonly #options: LoadOptions
  readonly #sessions = new Map<string, HeldSession>()
  #going = true
  readonly #running: Promise<unknown>

  constructor(options: LoadOptions) {
    this.#options = options
    this.#running = Promise.all(options.callers.map((caller, index) => this.#keepCalling(caller, index)))
  }

  /** Resolves once all that was asked is answered. */
  async stop(): Promise<void> {
    this.#going = false
    await this.#running
    for (const { session } of this.#sessions.values())
      session.then(
        (open) => open.destroy(),
        () => {},
      )
  }

  /** One call, counted by nobody. */
  async once(caller: Caller): Promise<string> {
    const session = await this.#connect(caller)
    try {
      return await answerOn(session, caller)
    } catch {
      return 'no answer'
    } finally {
      session.destroy()
    }
  }

  async #keepCalling(caller: Caller, index: number): Promise<void> {
    const everyMs = 1_000 / this.#options.rate
    const under = new Set<Promise<void>>()
    // Not all at the same instant.
    let nextMs = performance.now() + (everyMs * index) / this.#options.callers.length
    while (this.#going) {
      await pause(Math.max(0, nextMs - performance.now()))
      nextMs += everyMs
      const call = this.#call(caller).finally(() => under.delete(call))
      under.add(call)
    }
    await Promise.all(under)
  }

  async #call(caller: Caller): Promise<void> {
    const startedMs = performance.now()
    const result = await this.#resultOf(caller)
    this.outcomes.push({ kind: caller.kind, startedMs, endedMs: performance.now(), result })
  }

  async #resultOf(caller: Caller): Promise<string> {
    try {
      const session = await this.#sessionFor(caller)
      return await answerOn(session, caller)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      return code.startsWith('ERR_SSL') || (caller.byHandshake === true && code === 'ECONNRESET')
        ? 'handshake'
        : 'no answer'
    }
  }

  async #sessionFor(caller: Caller): Promise<ClientHttp2Session> {
    if (caller.byHandshake === true) return this.#connect(caller)
    const held = this.#sessions.get(caller.kind)
    if (held !== undefined && !held.isOver && held.requests < requestsPerSession) {
      held.requests += 1
      return held.session
    }
    // What is left ends by itself with its last answer.
    void held?.session.then(
      (session) => session.close(),
      () => {},
    )
    const opened: HeldSession = { session: this.#connect(caller), requests: 1, isOver: false }
    this.#sessions.set(caller.kind, opened)
    const over = () => {
      opened.isOver = true
    }
    opened.session.then((session) => {
      if (session.closed || session.destroyed) over()
      session.once('close', over)
      session.once('goaway', over)
      session.once('error', over)
    }, over)
    return opened.session
  }

  async #connect({ sni, certificate }: Caller): Promise<ClientHttp2Session> {
    const socket = connectTls({
      ...{ host: '127.0.0.1', port: this.#options.port, servername: sni, ca: this.#options.authorityPem },
      ALPNProtocols: ['h2'],
      ...(certificate && { cert: certificate.pem, key: certificate.privateKeyPem }),
    })
    const patience = setTimeout(() => socket.destroy(new Error('no handshake')), answerWithinMs)
    try {
      await once(socket, 'secureConnect')
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      clearTimeout(patience)
    }
    const session = connectHttp2('https://gateway', { createConnection: () => socket })
    session.on('error', () => {})
    session.setMaxListeners(0)
    return session
  }
}

function answerOn(session: ClientHttp2Session, caller: Caller): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':path': caller.path,
      ':authority': caller.sni,
      'x-kind': caller.kind,
      ...(caller.authorization && { authorization: caller.authorization }),
    })
    const patience = setTimeout(() => stream.destroy(new Error('no answer')), answerWithinMs)
    let status = 0
    let body = ''
    let failure: Error | undefined
    // In TLS 1.3 it is the connection that says what the server thinks of the certificate.
    const onSessionError = (error: Error) => {
      failure ??= error
    }
    session.once('error', onSessionError)
    stream.on('response', (headers) => {
      status = Number(headers[':status'])
    })
    stream.setEncoding('utf8')
    stream.on('data', (part: string) => {
      body += part
    })
    stream.on('error', (error) => {
      failure ??= error
    })
    stream.on('close', () => {
      clearTimeout(patience)
      session.removeListener('error', onSessionError)
      if (caller.byHandshake === true) session.destroy()
      if (status === 0) return reject(failure ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
      resolve(status === 200 ? '200' : `${status} ${codeIn(body)}`)
    })
    stream.end()
  })
}

function codeIn(body: string): string {
  try {
    return (JSON.parse(body) as { code?: string }).code ?? 'no code'
  } catch {
    return 'no JSON'
  }
}
