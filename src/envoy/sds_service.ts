import { type ServerDuplexStream, type StatusObject, status } from '@grpc/grpc-js'
import type { Truststore } from '../registry/truststore.ts'
import type { DiscoveryRequest__Output } from './generated/envoy/service/discovery/v3/DiscoveryRequest.ts'
import type { DiscoveryResponse } from './generated/envoy/service/discovery/v3/DiscoveryResponse.ts'
import type { SecretDiscoveryServiceHandlers } from './generated/envoy/service/secret/v3/SecretDiscoveryService.ts'
import { secretMessage } from './protos.ts'
import { type SdsObserver, SdsStream, truststoreName } from './sds_stream.ts'
import type { TruststoreResource } from './truststore_resource.ts'

export const secretType = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret'

/** An Envoy opens one, and a machine has few Envoys. */
const maxStreams = 32

type StreamCall = ServerDuplexStream<DiscoveryRequest__Output, DiscoveryResponse>

export interface SdsStatistics {
  /** Of the trust store in force; `undefined` until a registry was read. */
  readonly version: string | undefined
  readonly authorities: number
  readonly streams: number
  readonly sent: number
  readonly acked: number
  readonly nacked: number
}

/**
 * `SecretDiscoveryService`: the trust store to Envoy, in its state-of-the-world variant. It is pushed whenever it changes, and
 * until a registry was read nothing is answered, so that an Envoy that has a trust store keeps it.
 */
export class SdsService {
  readonly #truststore: TruststoreResource
  readonly #observer: SdsObserver
  readonly #streams = new Map<StreamCall, SdsStream>()
  readonly #counts = { sent: 0, acked: 0, nacked: 0 }
  readonly #unsubscribe: () => void
  #encoded: { readonly of: Truststore; readonly secret: Uint8Array } | undefined

  constructor(truststore: TruststoreResource, observer: SdsObserver) {
    this.#truststore = truststore
    this.#observer = {
      ...observer,
      onAccepted: (accepted) => {
        this.#counts.acked += 1
        observer.onAccepted(accepted)
      },
      onRejected: (rejected, reason) => {
        this.#counts.nacked += 1
        observer.onRejected(rejected, reason)
      },
    }
    this.#unsubscribe = truststore.subscribe(() => {
      for (const stream of this.#streams.values()) stream.push()
    })
  }

  /** What grpc-js serves; it answers DeltaSecrets, which is left out, with UNIMPLEMENTED. */
  get handlers(): Pick<SecretDiscoveryServiceHandlers, 'StreamSecrets' | 'FetchSecrets'> {
    return {
      StreamSecrets: (call) => this.#open(call),
      FetchSecrets: ({ request }, callback) => {
        const truststore = this.#truststore.current
        if (isOfAnotherType(request)) return callback(wrongType)
        if (truststore === undefined) return callback(notReady)
        const wanted = request.resource_names.includes(truststoreName)
        callback(null, wanted ? this.#response(truststore, '') : { version_info: truststore.version })
      },
    }
  }

  get statistics(): SdsStatistics {
    const { version, authorities = 0 } = this.#truststore.current ?? {}
    return { version, authorities, streams: this.#streams.size, ...this.#counts }
  }

  /** Ends the streams, which would never end by themselves. Envoys keep what they have. */
  close(): void {
    this.#unsubscribe()
    for (const call of this.#streams.keys()) call.end()
    this.#streams.clear()
  }

  #open(call: StreamCall): void {
    if (this.#streams.size >= maxStreams) return void call.emit('error', tooManyStreams)
    const stream = new SdsStream({
      current: () => this.#truststore.current,
      send: (truststore, nonce) => {
        this.#counts.sent += 1
        call.write(this.#response(truststore, nonce))
      },
      observer: this.#observer,
    })
    this.#streams.set(call, stream)
    const close = (): void => void this.#streams.delete(call)
    call.on('cancelled', close)
    call.on('error', close)
    call.on('end', () => {
      close()
      call.end()
    })
    call.on('data', (request: DiscoveryRequest__Output) => {
      if (isOfAnotherType(request)) call.emit('error', wrongType)
      else if (this.#streams.has(call)) stream.receive(request)
    })
  }

  #response(truststore: Truststore, nonce: string): DiscoveryResponse {
    return {
      version_info: truststore.version,
      type_url: secretType,
      resources: [{ type_url: secretType, value: this.#secretOf(truststore) }],
      nonce,
    }
  }

  /** Encoded once for all streams. */
  #secretOf(truststore: Truststore): Uint8Array {
    if (this.#encoded?.of !== truststore) {
      const validation_context = { trusted_ca: { inline_string: truststore.pem } }
      const secret = secretMessage.serialize({ name: truststoreName, validation_context })
      this.#encoded = { of: truststore, secret }
    }
    return this.#encoded.secret
  }
}

const isOfAnotherType = ({ type_url }: DiscoveryRequest__Output): boolean => type_url !== '' && type_url !== secretType

const failure = (code: status, details: string): Partial<StatusObject> => ({ code, details })
const wrongType = failure(status.INVALID_ARGUMENT, `only ${secretType} is served`)
const notReady = failure(status.UNAVAILABLE, 'no registry has been read yet')
const tooManyStreams = failure(status.RESOURCE_EXHAUSTED, `there are ${maxStreams} streams already`)
