import type { LookupFunction } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Dispatcher } from 'undici'
import {
  deadlineIn,
  dispatcherFor,
  type FetchFailure,
  type FetchOutcome,
  failed,
  failureOf,
  isStaleConnection,
  printable,
  refusalByStatus,
} from './http_transport.ts'

export type { FetchFailure, FetchOutcome } from './http_transport.ts'

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
  /** Told in the asynchronous context of who asked. */
  onFetch(fetched: {
    readonly responder: string
    readonly outcome: 'answered' | FetchFailure
    /** `undefined` where no answer came. */
    readonly httpStatus: number | undefined
    readonly durationMs: number
  }): void
}

/** OCSP over HTTP (RFC 6960 appendix A, RFC 5019 5): one request, one answer, within one deadline. */
export class ResponderClient {
  readonly #dispatcher: Dispatcher
  readonly #options: ResponderClientOptions
  readonly #inFlight = new Map<string, number>()
  #closed = false

  constructor(options: ResponderClientOptions) {
    this.#options = options
    this.#dispatcher = dispatcherFor({ ...options, connections: options.connectionsPerResponder, maxBodyBytes })
  }

  /**
   * Asks the responder at an http or https URL. `timeoutMs` covers waiting for a connection, connecting, headers and
   * body. Never rejects.
   */
  async fetch(responder: URL, request: Uint8Array, timeoutMs: number): Promise<FetchOutcome> {
    const started = performance.now()
    const outcome = await this.#admitted(responder, request, timeoutMs)
    const answered = outcome.status === 'answered'
    this.#options.observer?.onFetch({
      responder: responder.origin,
      outcome: answered ? 'answered' : outcome.cause,
      httpStatus: answered ? 200 : outcome.httpStatus,
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
        return this.#closed ? failed('closed', 'the client was closed') : failureOf(error, maxBodyBytes)
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
  const refusal = refusalByStatus(statusCode)
  if (refusal !== undefined) return refusal
  const mediaType = String(contentType ?? 'none')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase()
  if (mediaType === 'application/ocsp-response') return undefined
  return { status: 'failed', cause: 'content_type', detail: printable(mediaType ?? ''), httpStatus: statusCode }
}
