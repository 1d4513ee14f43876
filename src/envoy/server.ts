import { chmod } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { loadPackageDefinition, Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { removeStaleSocket, socketMode } from '../unix_socket.ts'
import { type CheckServiceOptions, checkService } from './check_service.ts'
import type { ProtoGrpcType } from './generated/external_auth.ts'

const protoFolder = fileURLToPath(new URL('../../proto', import.meta.url))

/** grpc-js sets no cap by itself. Envoy multiplexes each worker's requests over one connection. */
const limits = {
  'grpc.max_concurrent_streams': 1_024,
  'grpc-node.max_session_memory': 64,
  'grpc.max_receive_message_length': 4 * 1024 * 1024,
  'grpc.max_send_message_length': 256 * 1024,
} as const

export interface RunningServer {
  /** Where it listens, with the port that was taken. */
  readonly address: string
  /** Answers what was asked, then closes; what is still open after `graceMs` is cut. */
  stop(graceMs: number): Promise<void>
}

/**
 * Serves Envoy on `unix:PATH` or a loopback `HOST:PORT`. A socket file that nobody listens on is replaced, one that is in
 * use is an error. The socket admits the owner and its group only.
 */
export async function startServer(listen: string, options: CheckServiceOptions): Promise<RunningServer> {
  const socketPath = listen.startsWith('unix:') ? listen.slice('unix:'.length) : undefined
  if (socketPath !== undefined) await removeStaleSocket(socketPath)

  const server = new Server(limits)
  const check = checkService(options)
  server.addService(authorizationService(), { Check: check })
  const port = await bind(server, listen)
  if (socketPath !== undefined) await chmod(socketPath, socketMode)
  const address = socketPath === undefined ? listen.replace(/:\d+$/, `:${port}`) : listen
  return { address, stop: (graceMs) => stop(server, graceMs) }
}

function authorizationService(): ServiceDefinition {
  const definition = loadSync('envoy/service/auth/v3/external_auth.proto', {
    includeDirs: [protoFolder],
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  })
  const loaded = loadPackageDefinition(definition) as unknown as ProtoGrpcType
  return loaded.envoy.service.auth.v3.Authorization.service
}

function bind(server: Server, listen: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    )
  })
}

async function stop(server: Server, graceMs: number): Promise<void> {
  const cut = setTimeout(() => server.forceShutdown(), graceMs)
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
  clearTimeout(cut)
}
