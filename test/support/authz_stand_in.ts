import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadPackageDefinition, Server, ServerCredentials, type ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { CheckRequest__Output } from '../../src/envoy/generated/envoy/service/auth/v3/CheckRequest.ts'
import type { CheckResponse } from '../../src/envoy/generated/envoy/service/auth/v3/CheckResponse.ts'
import type { ProtoGrpcType } from '../../src/envoy/generated/external_auth.ts'

const protoFolder = fileURLToPath(new URL('../../proto', import.meta.url))

export type Answerer = (request: CheckRequest__Output) => CheckResponse | ServiceError | 'never'

export interface AuthzStandIn {
  /** What is answered from now on; at first, every request is allowed. */
  answer: Answerer
  /** What Envoy asked, oldest first. */
  readonly asked: CheckRequest__Output[]
  stop(): void
}

export const allow: Answerer = () => ({ status: { code: 0 }, ok_response: {} })

/** A service that answers Envoy as a test tells it to, on a Unix socket. */
export async function startAuthzStandIn(socket: string): Promise<AuthzStandIn> {
  const loaded = loadPackageDefinition(
    loadSync('envoy/service/auth/v3/external_auth.proto', {
      includeDirs: [protoFolder],
      keepCase: true,
      longs: Number,
      enums: String,
      defaults: true,
      oneofs: true,
    }),
  ) as unknown as ProtoGrpcType
  const server = new Server()
  const standIn: AuthzStandIn = {
    answer: allow,
    asked: [],
    stop: () => {
      server.forceShutdown()
      rmSync(socket, { force: true })
    },
  }
  server.addService(loaded.envoy.service.auth.v3.Authorization.service, {
    Check: (
      call: { request: CheckRequest__Output },
      callback: (error: ServiceError | null, value?: CheckResponse) => void,
    ) => {
      standIn.asked.push(call.request)
      const answer = standIn.answer(call.request)
      if (answer === 'never') return
      if (answer instanceof Error) callback(answer)
      else callback(null, answer)
    },
  })
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    )
  })
  return standIn
}
