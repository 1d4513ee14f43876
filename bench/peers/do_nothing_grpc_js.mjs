// An external authorization service on grpc-js that always says yes: node do_nothing_grpc_js.mjs SOCKET
import { fileURLToPath } from 'node:url'
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const [, , socket] = process.argv
const includeDirs = [fileURLToPath(new URL('../../proto', import.meta.url))]
const { envoy } = loadPackageDefinition(loadSync('envoy/service/auth/v3/external_auth.proto', { includeDirs }))
const server = new Server()
server.addService(envoy.service.auth.v3.Authorization.service, {
  Check: (_, callback) => callback(null, { status: { code: 0 }, okResponse: {} }),
})
server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error
})
process.on('SIGTERM', () => process.exit(0))
