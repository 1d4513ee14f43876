import type { SignedParts } from '../domain/signature.ts'
import type { HttpRequest } from './check_request_fields.ts'

/** Envoy's filter sets it with each body, over what a client sent under the name; a client's own is removed before. */
export const partialBodyHeader = 'x-envoy-auth-partial-body'

/**
 * What of the request a signature is over. A body counts as whole only where Envoy says so, and where it is as long as the
 * request said.
 */
export function signedPartsIn(http: HttpRequest): SignedParts {
  const target = http.path
  const mark = target.indexOf('?')
  return {
    method: http.method,
    // RFC 9421 2.2.3: without the default port.
    authority: http.host.toLowerCase().replace(/:443$/, ''),
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark),
    headers: http.headers,
    body: http.raw_body,
    bodyStatus: bodyStatusOf(http),
  }
}

/** Where a request has no body, Envoy says nothing of one: then nothing else may tell of it either. */
function bodyStatusOf({ headers, body, raw_body }: HttpRequest): SignedParts['bodyStatus'] {
  // As text, whatever is no UTF-8 would have been left out.
  if (body !== '') return 'not_sent'
  const said = Number(headers['content-length'] ?? 0)
  switch (headers[partialBodyHeader]) {
    case 'true':
      return 'cut'
    case 'false':
      return said > raw_body.length ? 'cut' : 'whole'
    default:
      return said > 0 || headers['transfer-encoding'] !== undefined || raw_body.length > 0 ? 'not_sent' : 'whole'
  }
}
