import { fileURLToPath } from 'node:url'
import { loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader'
import type { Secret, Secret__Output } from './generated/envoy/extensions/transport_sockets/tls/v3/Secret.ts'
import type { ProtoGrpcType as ExternalAuth } from './generated/external_auth.ts'
import type { ProtoGrpcType as Sds } from './generated/sds.ts'

interface Secrets {
  envoy: {
    extensions: { transport_sockets: { tls: { v3: { Secret: MessageTypeDefinition<Secret, Secret__Output> } } } }
  }
}

/** The options make the messages what src/envoy/generated says that they are: the generator is given the same. */
export const packageDefinition = loadSync(
  [
    'envoy/service/auth/v3/external_auth.proto',
    'envoy/service/secret/v3/sds.proto',
    'envoy/extensions/transport_sockets/tls/v3/secret.proto',
  ],
  {
    includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  },
)

const loaded = loadPackageDefinition(packageDefinition) as unknown as ExternalAuth & Sds & Secrets

/** Envoy's services and messages, as proto/ has them. */
export const authorizationService = loaded.envoy.service.auth.v3.Authorization.service
export const secretDiscoveryService = loaded.envoy.service.secret.v3.SecretDiscoveryService.service
export const secretMessage = loaded.envoy.extensions.transport_sockets.tls.v3.Secret
