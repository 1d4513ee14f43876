import type { IncomingMessage } from 'node:http'
import { type Answer, problem } from '../http/route.ts'
import { isLoopback } from '../listen_address.ts'

/**
 * Refuses what a web page could make a browser send here; `undefined` for every other request. A page whose name was rebound to
 * loopback shows by its Host, on a Unix socket too, which ssh forwards from a port. A form or a script of another origin cannot send JSON, which is
 * all that is taken, without a preflight, which nothing here answers. `host` is false where a token tells who asks.
 */
export function guard(request: IncomingMessage, { host }: { readonly host: boolean }): Answer | undefined {
  const { method, headers } = request
  if (host && !isLoopback((headers.host ?? '').toLowerCase().replace(/:\d{1,5}$/, ''))) {
    return problem(421, 'Ask by a loopback address, or as localhost.')
  }
  const site = headers['sec-fetch-site']
  if (method === 'POST' && site !== undefined && site !== 'same-origin' && site !== 'none') {
    return problem(403, 'This page is of another site.')
  }
  return undefined
}
