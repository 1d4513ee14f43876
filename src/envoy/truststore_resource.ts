import type { DevApp } from '../domain/devapp.ts'
import { type Truststore, truststoreOf } from '../registry/truststore.ts'

/** Envoy reads every CA anew for each change: a burst of registrations is one. */
const settleMs = 100

/** Some 20,000 CAs. What is larger than a gRPC message may be would end every Envoy's stream, over and over. */
export const maxTruststoreBytes = 32 * 1024 * 1024

/** The trust store as all Envoys of this process get it, made once for each change of the registry. */
export class TruststoreResource {
  readonly #onRefused: (reason: string) => void
  readonly #subscribers = new Set<() => void>()
  #current: Truststore | undefined
  #devApps: readonly DevApp[] | undefined
  #settling: NodeJS.Timeout | undefined

  /** `onRefused` is told, in words, of a trust store that is not taken over. */
  constructor(onRefused: (reason: string) => void) {
    this.#onRefused = onRefused
  }

  /** `undefined` until a first registry was read, which is not the same as one without CAs. */
  get current(): Truststore | undefined {
    return this.#current
  }

  /** Takes over what is registered now: at once at first, later with all that changes within a tenth of a second. */
  follow(devApps: readonly DevApp[]): void {
    if (devApps === this.#devApps) return
    this.#devApps = devApps
    if (this.#current === undefined) this.#settle(devApps)
    else this.#settling ??= setTimeout(() => this.#settle(this.#devApps ?? devApps), settleMs).unref()
  }

  /** Puts a trust store in force, and tells the subscribers where it is another one. */
  publish(truststore: Truststore): void {
    if (truststore.version === this.#current?.version) return
    if (truststore.pem.length > maxTruststoreBytes) {
      this.#onRefused(
        `${truststore.authorities} CAs are more than the ${maxTruststoreBytes} bytes that Envoy is sent; register fewer, or give Envoy a file`,
      )
      return
    }
    this.#current = truststore
    for (const tell of this.#subscribers) tell()
  }

  /** Calls `tell` after each change, until the function that is returned is called. */
  subscribe(tell: () => void): () => void {
    this.#subscribers.add(tell)
    return () => this.#subscribers.delete(tell)
  }

  #settle(devApps: readonly DevApp[]): void {
    this.#settling = undefined
    this.publish(truststoreOf(devApps, this.#current))
  }
}
