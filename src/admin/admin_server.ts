import type { IncomingMessage } from 'node:http'
import type { Route } from '../http/route.ts'
import { type RunningHttpServer, startHttpServer } from '../http/server.ts'
import { parseLocalAddress } from '../listen_address.ts'
import { guard } from './guard.ts'

export interface AdminServerOptions {
  readonly routes: readonly Route[]
  /** Told what a route threw; whoever asked is told nothing of it. */
  readonly onError: (error: unknown) => void
}

/**
 * Serves operators on `unix:PATH`, which admits the owner and its group only, or on a loopback `HOST:PORT`. Throws on every
 * other address, and where it is taken.
 */
export async function startAdminServer(listen: string, options: AdminServerOptions): Promise<RunningHttpServer> {
  const address = parseLocalAddress(listen)
  if (address === undefined) throw new Error(`${listen} is neither unix:/PATH nor a loopback HOST:PORT`)
  return startHttpServer(address, {
    ...options,
    refusing: (request: IncomingMessage) => guard(request, { host: true }),
  })
}
