import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { afterMs } from '../domain/retry_after.ts'
import { type Answer, problem } from '../http/route.ts'
import { RateLimit } from '../limits/rate_limit.ts'
import type { Clock } from '../ports.ts'

export interface ConsoleAccessOptions {
  readonly token: string
  /** Whether the port speaks TLS, without which a browser returns no Secure cookie. */
  readonly tls: boolean
  readonly clock: Clock
}

/** How often a wrong token may come. */
const attempts = { requests: 10, total: 100, perMs: 60_000 }
const sessionMs = 12 * 3_600_000

/**
 * Who may look at the console where a token protects it: whoever shows it as a bearer token (RFC 6750), or has signed in with it.
 * Signing in gives a cookie that no script reads, that no other site makes a browser send, and that is good until the process
 * ends, or for twelve hours; the token itself stands in neither. Nothing is kept of a session.
 */
export class ConsoleAccess {
  readonly #options: ConsoleAccessOptions
  readonly #token: Buffer
  /** Of this process: a cookie of an earlier one is good for nothing. */
  readonly #key = randomBytes(32)
  readonly #attempts = new RateLimit()

  constructor(options: ConsoleAccessOptions) {
    this.#options = options
    this.#token = digest(options.token)
  }

  /** Why the request is refused; `undefined` where it shows the token, or a session that holds. */
  refusal(request: Pick<IncomingMessage, 'headers' | 'socket'>): Answer | undefined {
    const { authorization, cookie } = request.headers
    if (cookie !== undefined && this.#holds(cookie)) return undefined
    if (authorization === undefined) return unauthorized('Sign in, or show the token: Authorization: Bearer TOKEN.')
    const [, token = ''] = /^Bearer +([^\s]+) *$/i.exec(authorization) ?? []
    return this.#tried(token, request.socket.remoteAddress ?? '')
  }

  /** Whether the request shows a session that holds. */
  isSignedIn(cookie: string | undefined): boolean {
    return cookie !== undefined && this.#holds(cookie)
  }

  /** The cookie for a browser that shows the token; otherwise the refusal. */
  signIn(token: string, source: string): { readonly cookie: string } | { readonly refused: Answer } {
    const refused = this.#tried(token, source)
    if (refused !== undefined) return { refused }
    const until = String(this.#options.clock().getTime() + sessionMs)
    return { cookie: this.#cookie(`${until}.${this.#seal(until)}`, sessionMs / 1_000) }
  }

  /** The cookie that ends a session in the browser. */
  signOut(): string {
    return this.#cookie('', 0)
  }

  #tried(token: string, source: string): Answer | undefined {
    const isRight = timingSafeEqual(digest(token), this.#token)
    if (isRight) return undefined
    const admission = this.#attempts.admit(source, attempts, this.#options.clock())
    if (admission.admitted) return unauthorized('The token is wrong.')
    const { retryAfter, retryAfterSeconds } = afterMs(admission.retryAfterMs)
    return problem(429, `Too many wrong tokens. Try again after ${retryAfter}.`, {
      'retry-after': `${retryAfterSeconds}`,
    })
  }

  #cookie(value: string, seconds: number): string {
    const { tls } = this.#options
    return `${this.#name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${tls ? '; Secure' : ''}`
  }

  /** RFC 6265bis 4.1.3.2: a cookie of that prefix comes from this very host, over TLS. */
  get #name(): string {
    return this.#options.tls ? '__Host-devapp-authz' : 'devapp-authz'
  }

  #holds(cookie: string): boolean {
    const values = cookie.split(';').map((pair) => pair.trim().split('='))
    return values.some(([name, value = '']) => {
      const [until = '', seal = ''] = value.split('.')
      if (name !== this.#name || !/^\d{1,15}$/.test(until)) return false
      const isSealed = timingSafeEqual(digest(seal), digest(this.#seal(until)))
      return isSealed && this.#options.clock().getTime() < Number(until)
    })
  }

  #seal(until: string): string {
    return createHmac('sha256', this.#key).update(until).digest('base64url')
  }
}

/** Of one length, whatever was sent. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const unauthorized = (detail: string): Answer =>
  problem(401, detail, { 'www-authenticate': 'Bearer realm="devapp-authz"' })
