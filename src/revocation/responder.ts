import type { LookupFunction } from 'node:net'
import { performance } from 'node:perf_hooks'
import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici'
import { DestinationRefused, publicConnector } from './destination.ts'

/** Larger than any honest answer with its certificates. */
const maxBodyBytes = 65_536

/** RFC 5019 5: at most 255 octets in total, scheme and server name included, go by GET, so that caches on the way work. */
const maxGetUrlLength = 255

export interface ResponderClientOptions {
  readonly connectionsPerResponder: number
  /** Requests that may wait for a connection; more are refused at once. */
  readonly queuePerResponder: number
  /** Whether loopback, link-local and private addresses may be asked. */
  readonly allowPrivateAddresses: boolean
  /** An HTTP proxy. It resolves the responders' names itself, so its own rules say where those may lead. */
  readonly proxy?: URL | undefined
  readonly observer?: FetchObserver | undefined
  /** Default: the system's resolver. */
  readonly lookup?: LookupFunction | undefined
}

export interface FetchObserver {
  onFetch(fetched: {
    readonly responder: string
    readonly outcome: 'answered' | FetchFailure
    durationMs: number
  }): void
}

/** Why a responder gave no bytes that could be an answer. */
export type FetchFailure =
  | 'address_refused'
  | 'name_not_found'
  | 'connect_failed'
  | 'connection_lost'
  | 'tls_failed'
  | 'timeout'
  | 'http_client_error'
  | 'http_server_error'
  | 'redirected'
  | 'content_type'
  | 'too_large'
  | 'queue_full'
  | 'closed'

/** Bytes that nobody has verified, or why there are none. */
export type FetchOutcome =
  | { readonly status: 'answered'; readonly der: Uint8Array }
  | { readonly status: 'failed'; readonly cause: FetchFailure; readonly detail: string }

/** OCSP over HTTP (RFC 6960 appendix A, RFC 5019 5): one request, one answer, within one deadline. */
export class ResponderClient {
  readonly #dispatcher: Dispatcher
  readonly #options: ResponderClientOptions
  readonly #inFlight = new Map<string, number>()
  #closed = false

  constructor(options: ResponderClientOptions) {
    this.#options = options
    this.#dispatcher = dispatcherFor(options)
  }

  /**
   * Asks the responder at an http or https URL. `timeoutMs` covers waiting for a connection, connecting, headers and
   * body. Never rejects.
   */
  async fetch(responder: URL, request: Uint8Array, timeoutMs: number): Promise<FetchOutcome> {
    const started = performance.now()
    const outcome = await this.#admitted(responder, request, timeoutMs)
    this.#options.observer?.onFetch({
      responder: responder.origin,
      outcome: outcome.status === 'answered' ? 'answered' : outcome.cause,
      durationMs: performance.now() - started,
    })
    return outcome
  }

  /** Ends every connection; requests under way fail. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#dispatcher.destroy()
  }

  async #admitted(responder: URL, request: Uint8Array, timeoutMs: number): Promise<FetchOutcome> {
    const { connectionsPerResponder, queuePerResponder } = this.#options
    const { origin } = responder
    const inFlight = this.#inFlight.get(origin) ?? 0
    if (this.#closed) return failed('closed', 'the client is closed')
    if (inFlight >= connectionsPerResponder + queuePerResponder) return failed('queue_full', `${inFlight} in flight`)

    this.#inFlight.set(origin, inFlight + 1)
    const deadline = deadlineIn(timeoutMs)
    try {
      // undici hears an abort only once a request has left its queue: the deadline is raced as well.
      return await Promise.race([this.#exchange(responder, request, deadline.signal), deadline.passed])
    } finally {
      deadline.cancel()
      const left = (this.#inFlight.get(origin) ?? 1) - 1
      if (left > 0) this.#inFlight.set(origin, left)
      else this.#inFlight.delete(origin)
    }
  }

  async #exchange(responder: URL, request: Uint8Array, signal: AbortSignal): Promise<FetchOutcome> {
    const message = messageFor(responder, request)
    for (let attempt = 1; ; attempt++) {
      try {
        return await readAnswer(await this.#dispatcher.request({ ...message, signal }))
      } catch (error) {
        if (attempt === 1 && isStaleConnection(error) && !signal.aborted && !this.#closed) continue
        return this.#closed ? failed('closed', 'the client was closed') : failureOf(error)
      }
    }
  }
}

/** GET where the whole URL stays within 255 octets, otherwise POST. A query has no place for the request: POST too. */
function messageFor(responder: URL, request: Uint8Array): Dispatcher.RequestOptions {
  const { origin, pathname, search } = responder
  const headers = { accept: 'application/ocsp-response' }
  // `//` in a path has broken responders, and so have a bare `+` and `/` of base64.
  const path = `${pathname.replace(/\/$/, '')}/${encodeURIComponent(Buffer.from(request).toString('base64'))}`
  if (search === '' && origin.length + path.length <= maxGetUrlLength) return { origin, path, method: 'GET', headers }
  return {
    ...{ origin, path: pathname + search, method: 'POST', body: request },
    headers: { ...headers, 'content-type': 'application/ocsp-request' },
  }
}

async function readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<FetchOutcome> {
  const refusal = refusalOf(statusCode, headers['content-type'])
  if (refusal !== undefined) {
    // A short error page is read to its end, which leaves the connection usable.
    await body.dump({ limit: maxBodyBytes })
    return refusal
  }
  return { status: 'answered', der: await body.bytes() }
}

function refusalOf(statusCode: number, contentType: string | string[] | undefined): FetchOutcome | undefined {
  if (statusCode >= 300 && statusCode < 400) return failed('redirected', `HTTP ${statusCode}`)
  // 429 is about the responder's load, not about the request.
  if (statusCode >= 400 && statusCode < 500 && statusCode !== 429)
    return failed('http_client_error', `HTTP ${statusCode}`)
  if (statusCode !== 200) return failed('http_server_error', `HTTP ${statusCode}`)
  const mediaType = String(contentType ?? 'none')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase()
  return mediaType === 'application/ocsp-response' ? undefined : failed('content_type', printable(mediaType ?? ''))
}

function dispatcherFor(options: ResponderClientOptions): Dispatcher {
  const limits = { connections: options.connectionsPerResponder, pipelining: 1, maxResponseSize: maxBodyBytes }
  if (options.proxy !== undefined) {
    // Proxies seldom tunnel to port 80: plain HTTP goes through as such, and undici then forgets the limits.
    const factory = (origin: string | URL, given: object): Dispatcher => new Pool(origin, { ...given, ...limits })
    return new ProxyAgent({ ...limits, factory, uri: options.proxy.href, proxyTunnel: false })
  }
  if (options.allowPrivateAddresses) return new Agent(limits)
  return new Agent({ ...limits, connect: publicConnector({}, options.lookup) })
}

interface Deadline {
  readonly signal: AbortSignal
  readonly passed: Promise<FetchOutcome>
  cancel(): void
}

function deadlineIn(timeoutMs: number): Deadline {
  const controller = new AbortController()
  let cancel = (): void => {}
  const passed = new Promise<FetchOutcome>((resolve) => {
    const timer = setTimeout(() => {
      resolve(failed('timeout', `no answer within ${Math.round(timeoutMs)} ms`))
      controller.abort()
    }, timeoutMs)
    cancel = () => clearTimeout(timer)
  })
  return { signal: controller.signal, passed, cancel }
}

/**
 * Whether a kept-alive connection was closed by the responder just as the request went out: bytes had come over it
 * before. Asking again is harmless, and the next connection is new.
 */
function isStaleConnection(error: unknown): boolean {
  const { code, socket } = error as { code?: string; socket?: { bytesRead?: number } }
  return code === 'UND_ERR_SOCKET' && (socket?.bytesRead ?? 0) > 0
}

function failureOf(error: unknown): FetchOutcome {
  if (error instanceof DestinationRefused) return failed('address_refused', error.message)
  const { code = '', message = '' } = error as { code?: string; message?: string }
  const detail = printable(`${code} ${message}`.trim())
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return failed('too_large', `more than ${maxBodyBytes} bytes`)
  if (timeoutCodes.has(code)) return failed('timeout', detail)
  if (nameCodes.has(code)) return failed('name_not_found', detail)
  if (connectCodes.has(code)) return failed('connect_failed', detail)
  return failed(/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code) ? 'tls_failed' : 'connection_lost', detail)
}

const timeoutCodes = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])
const nameCodes = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'])
const connectCodes = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EACCES'])

const failed = (cause: FetchFailure, detail: string): FetchOutcome => ({ status: 'failed', cause, detail })

/** A stranger's text, fit for one line of a log. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
