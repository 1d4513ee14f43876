import { chmod } from 'node:fs/promises'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { removeStaleSocket, socketMode } from '../unix_socket.ts'
import { type CheckRequestFields, decodeCheckRequest } from './check_request_fields.ts'
import type { Check } from './check_service.ts'
import { answerOnStream } from './check_stream.ts'
import type { Health } from './health.ts'
import { authorizationService, packageDefinition, secretDiscoveryService } from './protos.ts'
import type { SdsService } from './sds_service.ts'
import { guardSessions } from './session_guard.ts'
import { maxTruststoreBytes } from './truststore_resource.ts'

/**
 * grpc-js sets no cap by itself. Envoy multiplexes each worker's requests over one connection; its main thread has another one
 * for SDS, so that a large trust store uses up the memory of no connection that requests are on.
 */
const limits = {
  'grpc.max_concurrent_streams': 1_024,
  'grpc-node.max_session_memory': 64,
  'grpc.max_receive_message_length': 4 * 1024 * 1024,
  'grpc.max_send_message_length': maxTruststoreBytes + 64 * 1024,
  // A peer that is gone without a word holds its stream no longer.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
} as const

export interface Services {
  readonly check: Check
  /** Reads the requests of `check`; default: no more of them than is needed. */
  readonly decode?: (message: Buffer) => CheckRequestFields
  readonly sds: SdsService
  /** Absent where nobody asks for it. */
  readonly health?: Health | undefined
  /** Whether gRPC's server reflection tells which services there are. */
  readonly reflection?: boolean
}

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
export async function startServer(
  listen: string,
  { check, decode = decodeCheckRequest, sds, health, reflection }: Services,
): Promise<RunningServer> {
  const socketPath = listen.startsWith('unix:') ? listen.slice('unix:'.length) : undefined
  if (socketPath !== undefined) await removeStaleSocket(socketPath)

  const server = new Server(limits)
  const definition = { ...authorizationService.Check, requestDeserialize: decode, responseSerialize: asItIs }
  server.addService({ Check: definition }, { Check: check })
  server.addService(secretDiscoveryService, sds.handlers)
  health?.addTo(server)
  if (reflection === true) {
    // Loaded where somebody asks for it.
    const { ReflectionService } = await import('@grpc/reflection')
    new ReflectionService(packageDefinition).addToServer(server)
  }
  const port = await bind(server, listen)
  guardSessions(server, authorizationService.Check.path)
  answerOnStream(server, { definition, handler: check, maxMessageBytes: limits['grpc.max_receive_message_length'] })
  if (socketPath !== undefined) await chmod(socketPath, socketMode)
  const address = socketPath === undefined ? listen.replace(/:\d+$/, `:${port}`) : listen
  return { address, stop: (graceMs) => stop(server, sds, graceMs) }
}

const asItIs = (bytes: Buffer): Buffer => bytes

function bind(server: Server, listen: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    )
  })
}

async function stop(server: Server, sds: SdsService, graceMs: number): Promise<void> {
  const cut = setTimeout(() => server.forceShutdown(), graceMs)
  const answered = new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
  // Once no new stream is taken.
  sds.close()
  await answered
  clearTimeout(cut)
}
