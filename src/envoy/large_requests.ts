import type { ServerHttp2Stream } from 'node:http2'

export interface LargeRequestLimits {
  /** From here on a request is large. */
  readonly bytes: number
  /** How many large ones are received at once. */
  readonly atOnce: number
}

/**
 * Receives the large requests of one connection a few at a time, and all others as they come. Who has to wait does so by the flow
 * control of its stream (RFC 9113 5.2), in the order of arrival: a peer that begins many and ends none has little copied for it.
 */
export class LargeRequests {
  readonly #limits: LargeRequestLimits
  readonly #receiving = new Set<ServerHttp2Stream>()
  readonly #waiting = new Set<ServerHttp2Stream>()

  constructor(limits: LargeRequestLimits) {
    this.#limits = limits
  }

  /** Call it before anybody reads the stream, and `done` once it has come whole or is closed. */
  watch(stream: ServerHttp2Stream): void {
    const { bytes, atOnce } = this.#limits
    let received = 0
    const count = (chunk: Buffer): void => {
      received += chunk.length
      if (received <= bytes) return
      stream.off('data', count)
      if (this.#receiving.size < atOnce) this.#receiving.add(stream)
      else {
        this.#waiting.add(stream)
        stream.pause()
      }
    }
    stream.on('data', count)
  }

  done(stream: ServerHttp2Stream): void {
    this.#waiting.delete(stream)
    if (!this.#receiving.delete(stream)) return
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      this.#receiving.add(next)
      next.resume()
      return
    }
  }
}
