import { parseBasic } from '../domain/basic.ts'
import type { Certificate } from '../domain/certificate.ts'
import { clientKeyHeader } from '../domain/checks/devapp_selected.ts'
import { type Deny, deny } from '../domain/decision.ts'
import type { AuthRequest, PresentedCertificate } from '../domain/request.ts'
import type { CheckRequest__Output } from './generated/envoy/service/auth/v3/CheckRequest.ts'
import { sentChainIn } from './sent_chain.ts'

/** A longer certificate is refused unread: a QWAC with a long chain of policies takes about 6 KiB in this encoding. */
const maxCertificateLength = 64 * 1024

/** Reads one PEM certificate; throws on anything else. */
export type CertificateReader = (pem: string) => Certificate

/**
 * The part of Envoy's `CheckRequest` that is read here, or the refusal of one that is not an HTTP request. Total: what a
 * client sent wrongly becomes a status of the request, never an exception.
 */
export function parseCheckRequest(wire: CheckRequest__Output, readCertificate: CertificateReader): AuthRequest | Deny {
  const attributes = wire.attributes
  const http = attributes?.request?.http
  if (!attributes || !http) return deny('request_malformed', { detail: 'no attributes of an HTTP request' })
  return {
    id: http.headers['x-request-id'] ?? '',
    policy: attributes.context_extensions['policy'],
    sni: attributes.tls_session?.sni.toLowerCase() || undefined,
    host: hostnameOf(http.host),
    certificate: presentedCertificate(attributes.source?.certificate ?? '', readCertificate),
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

/** Envoy sends the leaf as percent-encoded PEM, and an empty string for none. */
function presentedCertificate(encoded: string, readCertificate: CertificateReader): PresentedCertificate {
  if (encoded === '') return { status: 'absent' }
  if (encoded.length > maxCertificateLength) return { status: 'malformed', cause: `${encoded.length} characters long` }
  try {
    return { status: 'presented', certificate: readCertificate(decodeURIComponent(encoded)) }
  } catch (error) {
    return { status: 'malformed', cause: error instanceof Error ? error.message : String(error) }
  }
}
