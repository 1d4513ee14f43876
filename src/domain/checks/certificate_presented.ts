import { deny } from '../decision.ts'
import type { Check } from './check.ts'

/** A readable client certificate on the 2-way channel, and none on the 1-way one. */
export const certificatePresented: Check = ({ request: { certificate }, policy }) => {
  if (policy.channel === 'tls') {
    return certificate.status === 'absent'
      ? undefined
      : deny('request_malformed', { detail: 'a client certificate on the 1-way channel' })
  }
  if (certificate.status === 'absent') return deny('cert_missing')
  if (certificate.status === 'malformed') return deny('cert_malformed', { detail: certificate.cause })
  return undefined
}
