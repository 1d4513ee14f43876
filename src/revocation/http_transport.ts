import type { LookupFunction } from 'node:net'
import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici'
import { DestinationRefused, publicConnector } from './destination.ts'

/** Which places may be reached over HTTP, and how much is taken from them. */
export interface TransportOptions {
  /** To one origin. */
  readonly connections: number
  /** A longer body is refused, as soon as it is. */
  readonly maxBodyBytes: number
  /** Whether loopback, link-local and private addresses may be asked. */
  readonly allowPrivateAddresses: boolean
  /** An HTTP proxy. It resolves names itself, so its own rules say where those may lead. */
  readonly proxy?: URL | undefined
  /** Default: the system's resolver. */
  readonly lookup?: LookupFunction | undefined
}

/** Why a server gave no bytes that could be what was asked for. */
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
  | {
      readonly status: 'failed'
      readonly cause: FetchFailure
      readonly detail: string
      /** Of an answer that came, and is none. */
      readonly httpStatus?: number | undefined
    }

/** Connections as the operator permits them: to public addresses only, unless private ones are allowed. Redirects are not followed. */
export function dispatcherFor(options: TransportOptions): Dispatcher {
  const limits = { connections: options.connections, pipelining: 1, maxResponseSize: options.maxBodyBytes }
  if (options.proxy !== undefined) {
    // Proxies seldom tunnel to port 80: plain HTTP goes through as such, and undici then forgets the limits.
    const factory = (origin: string | URL, given: object): Dispatcher => new Pool(origin, { ...given, ...limits })
    return new ProxyAgent({ ...limits, factory, uri: options.proxy.href, proxyTunnel: false })
  }
  if (options.allowPrivateAddresses) return new Agent(limits)
  return new Agent({ ...limits, connect: publicConnector({}, options.lookup) })
}

/** Why the answer's status line rules out that its body is what was asked for; `undefined` for 200. */
export function refusalByStatus(statusCode: number): FetchOutcome | undefined {
  if (statusCode === 200) return undefined
  const refusal = (cause: FetchFailure): FetchOutcome => ({
    ...{ status: 'failed', cause, detail: `HTTP ${statusCode}`, httpStatus: statusCode },
  })
  if (statusCode >= 300 && statusCode < 400) return refusal('redirected')
  // 429 is about the server's load, not about the request.
  const isClientError = statusCode >= 400 && statusCode < 500 && statusCode !== 429
  return refusal(isClientError ? 'http_client_error' : 'http_server_error')
}

/** The time that an exchange may take. */
export interface Deadline {
  readonly signal: AbortSignal
  readonly passed: Promise<FetchOutcome>
  cancel(): void
}

/** `passed` resolves, and `signal` aborts what is under way, after that time; not once it was cancelled. */
export function deadlineIn(timeoutMs: number): Deadline {
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
 * Whether a kept-alive connection was closed by the server just as the request went out: bytes had come over it
 * before. Asking again is harmless, and the next connection is new.
 */
export function isStaleConnection(error: unknown): boolean {
  const { code, socket } = error as { code?: string; socket?: { bytesRead?: number } }
  return code === 'UND_ERR_SOCKET' && (socket?.bytesRead ?? 0) > 0
}

/** What undici's error means. */
export function failureOf(error: unknown, maxBodyBytes: number): FetchOutcome {
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

export const failed = (cause: FetchFailure, detail: string): FetchOutcome => ({ status: 'failed', cause, detail })

/** A stranger's text, fit for one line of a log. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
