import { deny } from '../decision.ts'
import type { Check } from './check.ts'

/**
 * The leaf's own dates, both inclusive (RFC 5280 4.1.2.5). Envoy looks at them in the handshake only: a connection, or a
 * resumed session, can outlive them.
 */
export const certificateValidity: Check = ({ request: { certificate: presented }, now }) => {
  if (presented.status !== 'presented') return undefined
  const { notBefore, notAfter } = presented.certificate
  if (now < notBefore) return deny('cert_not_yet_valid', { notBefore: notBefore.toISOString() })
  if (now > notAfter) return deny('cert_expired', { notAfter: notAfter.toISOString() })
  return undefined
}
