import type { ServiceError } from '@grpc/grpc-js'
import type { CheckRequest__Output } from '../../src/envoy/generated/envoy/service/auth/v3/CheckRequest.ts'
import type { CheckResponse } from '../../src/envoy/generated/envoy/service/auth/v3/CheckResponse.ts'
import { authorizationService } from '../../src/envoy/protos.ts'
import { startServer } from '../../src/envoy/server.ts'
import { type ServingTruststore, servingTruststore } from './serving_truststore.ts'

const { Check } = authorizationService

export type Answerer = (request: CheckRequest__Output) => CheckResponse | ServiceError | 'never'

export interface AuthzStandIn {
  /** What is answered from now on; at first, every request is allowed. */
  answer: Answerer
  /** What Envoy asked, oldest first. */
  readonly asked: CheckRequest__Output[]
  readonly truststore: ServingTruststore
  stop(): Promise<void>
}

export const allow: Answerer = () => ({ status: { code: 0 }, ok_response: {} })

/**
 * A service that answers Envoy as a test tells it to, on a Unix socket: by the service's own server, with the trust store in
 * `pem`, which it has not read yet where there is none.
 */
export async function startAuthzStandIn(socket: string, pem?: string): Promise<AuthzStandIn> {
  const truststore = servingTruststore(pem)
  const standIn = { answer: allow, asked: [] as CheckRequest__Output[] }
  const server = await startServer(`unix:${socket}`, {
    sds: truststore.sds,
    decode: Check.requestDeserialize,
    check: ({ request: fields }, callback) => {
      // By the decoder above.
      const request = fields as CheckRequest__Output
      standIn.asked.push(request)
      const answer = standIn.answer(request)
      if (answer === 'never') return
      if (answer instanceof Error) callback(answer)
      else callback(null, Check.responseSerialize(answer))
    },
  })
  return Object.assign(standIn, { truststore, stop: () => server.stop(0) })
}
