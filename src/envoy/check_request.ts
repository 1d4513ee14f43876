import { parseBasic } from '../domain/basic.ts'
import { clientKeyHeader } from '../domain/checks/devapp_selected.ts'
import { type Deny, deny } from '../domain/decision.ts'
import type { AuthRequest } from '../domain/request.ts'
import type { CheckRequestFields } from './check_request_fields.ts'
import type { PresentedCertificates } from './presented_certificates.ts'
import { sentChainIn } from './sent_chain.ts'

/**
 * The part of Envoy's `CheckRequest` that is read here, or the refusal of one that is not an HTTP request. Total: what a
 * client sent wrongly becomes a status of the request, never an exception.
 */
export function parseCheckRequest(
  wire: CheckRequestFields,
  certificates: Pick<PresentedCertificates, 'read'>,
): AuthRequest | Deny {
  const attributes = wire.attributes
  const http = attributes?.request?.http
  if (!attributes || !http) return deny('request_malformed', { detail: 'no attributes of an HTTP request' })
  return {
    id: http.headers['x-request-id'] ?? '',
    policy: attributes.context_extensions['policy'],
    sni: attributes.tls_session?.sni.toLowerCase() || undefined,
    host: hostnameOf(http.host),
    certificate: certificates.read(attributes.source?.certificate ?? ''),
    basic: parseBasic(http.headers['authorization']),
    clientKey: http.headers[clientKeyHeader],
    source: attributes.source?.address?.socket_address?.address || undefined,
    sentChain: () => sentChainIn(http.headers['x-forwarded-client-cert']),
    wantsJson: /\bjson\b/i.test(http.headers['accept'] ?? ''),
  }
}

/**
 * The hostname of an authority (RFC 3986 3.2): lower case, without port and the trailing dot of an absolute name. What is
 * no authority, as two joined Host headers, stays what it is and matches no hostname.
 */
export function hostnameOf(authority: string): string {
  return authority
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/(?<=[^.])\.$/, '')
}
