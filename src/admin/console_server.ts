import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Answer, Route } from '../http/route.ts'
import { type RunningHttpServer, startHttpServer } from '../http/server.ts'
import { isLoopback, type ListenAddress } from '../listen_address.ts'
import type { ConsoleAccess } from './console_access.ts'
import { guard } from './guard.ts'

export interface ConsoleServerOptions {
  readonly listen: Extract<ListenAddress, { kind: 'tcp' }>
  /** Files in PEM. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined
  /** `undefined` where whoever reaches the port may look, which loopback alone allows. */
  readonly access: ConsoleAccess | undefined
  readonly routes: readonly Route[]
  /** What needs no token: pages without data, and signing in. */
  readonly isOpen: (path: string) => boolean
  readonly onError: (error: unknown) => void
}

/**
 * Serves browsers on a port of their own. Throws where the port is taken, where a file of `tls` cannot be used, and for a port that
 * others than this machine reach and that has no token or no TLS: the configuration does not let that happen.
 */
export async function startConsoleServer(options: ConsoleServerOptions): Promise<RunningHttpServer> {
  const { listen, tls, access, routes, onError } = options
  const local = isLoopback(listen.host === '::1' ? '[::1]' : listen.host)
  if (!local && (access === undefined || tls === undefined))
    throw new Error('console: elsewhere than on loopback it needs token and tls')
  return startHttpServer(listen, {
    ...{ routes, onError },
    tls: tls && { certificate: bytesOf(tls.certificate), key: bytesOf(tls.key) },
    refusing: (request) => guard(request, { host: local }) ?? refusal(request, options),
  })
}

function refusal(request: IncomingMessage, { access, isOpen }: ConsoleServerOptions): Answer | undefined {
  if (access === undefined || isOpen((request.url ?? '').split('?', 1)[0] ?? '')) return undefined
  return access.refusal(request)
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Error(`console.tls: ${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
