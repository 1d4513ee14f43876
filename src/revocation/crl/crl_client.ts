import type { LookupFunction } from 'node:net'
import type { Dispatcher } from 'undici'
import { deadlineIn, dispatcherFor, type FetchOutcome, failed, failureOf, refusalByStatus } from '../http_transport.ts'

/** What is read of an error page at most, to keep its connection. */
const maxErrorPageBytes = 65_536

export interface CrlClientOptions {
  /** A longer CRL is refused. */
  readonly maxBytes: number
  /** Whether loopback, link-local and private addresses may be asked. */
  readonly allowPrivateAddresses: boolean
  /** An HTTP proxy. It resolves names itself, so its own rules say where those may lead. */
  readonly proxy?: URL | undefined
  /** Default: the system's resolver. */
  readonly lookup?: LookupFunction | undefined
}

/** CRLs over HTTP (RFC 2585 3, RFC 5280 4.2.1.13), under the rules that hold for responders. */
export class CrlClient {
  readonly #dispatcher: Dispatcher
  readonly #maxBytes: number
  #closed = false

  constructor(options: CrlClientOptions) {
    this.#dispatcher = dispatcherFor({ ...options, connections: 1, maxBodyBytes: options.maxBytes })
    this.#maxBytes = options.maxBytes
  }

  /**
   * The bytes at an http or https URL, which nobody has verified. `timeoutMs` covers everything until the last of them. The
   * content type is not looked at: CRLs are served as anything, and the signature tells. Never rejects.
   */
  async fetch(location: URL, timeoutMs: number): Promise<FetchOutcome> {
    if (this.#closed) return failed('closed', 'the client is closed')
    const deadline = deadlineIn(timeoutMs)
    try {
      // undici hears an abort only once a request has left its queue: the deadline is raced as well.
      return await Promise.race([this.#exchange(location, deadline.signal), deadline.passed])
    } finally {
      deadline.cancel()
    }
  }

  /** Ends every connection; downloads under way fail. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#dispatcher.destroy()
  }

  async #exchange({ origin, pathname, search }: URL, signal: AbortSignal): Promise<FetchOutcome> {
    const headers = { accept: 'application/pkix-crl' }
    try {
      const { statusCode, body } = await this.#dispatcher.request({
        ...{ origin, path: pathname + search, method: 'GET', headers, signal },
      })
      const refusal = refusalByStatus(statusCode)
      if (refusal === undefined) return { status: 'answered', der: await body.bytes() }
      await body.dump({ limit: maxErrorPageBytes })
      return refusal
    } catch (error) {
      return this.#closed ? failed('closed', 'the client was closed') : failureOf(error, this.#maxBytes)
    }
  }
}
