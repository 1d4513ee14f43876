import type { Truststore } from '../registry/truststore.ts'
import type { DiscoveryRequest__Output } from './generated/envoy/service/discovery/v3/DiscoveryRequest.ts'

/** The one secret that is served, as envoy/envoy.yaml names it. */
export const truststoreName = 'truststore'

/** Told what Envoys make of what they get. */
export interface SdsObserver {
  /** An Envoy has opened a stream: its node's id. */
  readonly onOpened: (node: string) => void
  /** An ACK: it is in force for the next handshake. */
  readonly onAccepted: (truststore: Truststore) => void
  /** A NACK: the Envoy keeps what it had. */
  readonly onRejected: (truststore: Truststore, reason: string) => void
  /** Secrets that are not served were asked for. */
  readonly onUnknown: (names: readonly string[]) => void
}

export interface SdsStreamOptions {
  readonly current: () => Truststore | undefined
  readonly send: (truststore: Truststore, nonce: string) => void
  readonly observer: SdsObserver
}

/**
 * The state of one Envoy's stream, in xDS's state-of-the-world variant. One answer at most is under way: a slow Envoy costs the
 * memory of one, and gets what is newest then. A version that the Envoy rejected is not sent again on the same stream.
 */
export class SdsStream {
  readonly #options: SdsStreamOptions
  #opened = false
  #subscribed = false
  #unknown = ''
  #answers = 0
  /** What waits for the Envoy's word. */
  #underWay: Truststore | undefined
  /** The version that the Envoy spoke on last. */
  #settled: string | undefined

  constructor(options: SdsStreamOptions) {
    this.#options = options
  }

  /** A request is a subscription, and the word on the answer that its nonce names. */
  receive(request: DiscoveryRequest__Output): void {
    if (!this.#opened) this.#options.observer.onOpened(printable(request.node?.id ?? '', 128))
    this.#opened = true
    // On an answer that a newer one has overtaken. The first request of a stream may have one of a stream before.
    if (this.#answers > 0 && request.response_nonce !== String(this.#answers)) return
    if (this.#underWay !== undefined) this.#settle(this.#underWay, request)
    this.#subscribe(request.resource_names)
    this.push()
  }

  /** Sends what is in force, where the Envoy wants it, has not had it, and has no answer under way. */
  push(): void {
    const truststore = this.#options.current()
    if (truststore === undefined || !this.#subscribed || this.#underWay !== undefined) return
    if (truststore.version === this.#settled) return
    this.#underWay = truststore
    this.#answers += 1
    this.#options.send(truststore, String(this.#answers))
  }

  #settle(truststore: Truststore, { error_detail }: DiscoveryRequest__Output): void {
    this.#underWay = undefined
    this.#settled = truststore.version
    if (error_detail === null) this.#options.observer.onAccepted(truststore)
    else this.#options.observer.onRejected(truststore, withoutPem(error_detail.message))
  }

  #subscribe(names: readonly string[]): void {
    const subscribed = names.includes(truststoreName)
    // Asked for anew, it is sent anew: the Envoy has let go of it in between.
    if (!this.#subscribed) this.#settled = undefined
    this.#subscribed = subscribed
    const unknown = names.filter((name) => name !== truststoreName).slice(0, 8)
    const said = unknown.map((name) => printable(name, 64))
    if (said.length > 0 && said.join() !== this.#unknown) this.#options.observer.onUnknown(said)
    this.#unknown = said.join()
  }
}

/** Envoy's words for the log, of which what it quotes is no part. */
function withoutPem(message: string): string {
  return printable(message.replace(/-----BEGIN.*/s, '(PEM)'), 512)
}

function printable(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(/[^\x20-\x7e]+/g, ' ')
}
