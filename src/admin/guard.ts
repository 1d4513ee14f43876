import type { IncomingMessage } from 'node:http'
import { type Answer, problem } from '../http/route.ts'
import { isLoopback } from '../listen_address.ts'

/**
 * Refuses what a web page could make a browser on this host send; `undefined` for every other request. A page whose name was
 * rebound to loopback shows by its Host, and a form or a script of another origin cannot send JSON without a preflight,
 * which nothing here answers.
 */
export function guard(request: IncomingMessage, transport: 'unix' | 'tcp'): Answer | undefined {
  const { method, headers } = request
  // No browser reaches a Unix socket, so whatever Host a client makes up for it is right.
  if (transport === 'tcp' && !isLoopback((headers.host ?? '').toLowerCase().replace(/:\d{1,5}$/, ''))) {
    return problem(421, 'Ask by a loopback address, or as localhost.')
  }
  const mediaType = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (method === 'POST' && mediaType !== 'application/json') {
    return problem(415, 'Send JSON, with content-type: application/json.')
  }
  return undefined
}
