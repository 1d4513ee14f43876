import { Client, credentials } from '@grpc/grpc-js'
import type { CheckResponse__Output } from '../../src/envoy/generated/envoy/service/auth/v3/CheckResponse.ts'
import { authorizationService } from '../../src/envoy/protos.ts'
import { type CheckAttributes, checkRequest } from './check_request.ts'

const { Check } = authorizationService

/** Asks a running service what Envoy asks it. */
export class CheckClient {
  readonly #client: Client

  /** `address` is what the service listens on, as the configuration names it. */
  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure())
  }

  /** `allow`, or the code of the refusal. */
  ask(sent: CheckAttributes): Promise<string> {
    return this.send(Check.requestSerialize(checkRequest(sent)))
  }

  /** The same for bytes, which may be no request. */
  send(bytes: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        Check.path,
        (b: Buffer) => b,
        Check.responseDeserialize,
        bytes,
        (error, response) => {
          if (error !== null) return reject(error)
          const { denied_response } = response as CheckResponse__Output
          resolve(denied_response ? (JSON.parse(denied_response.body) as { code: string }).code : 'allow')
        },
      )
    })
  }

  close(): void {
    this.#client.close()
  }
}
