import { deny } from '../decision.ts'
import type { Check } from './check.ts'

/** A readable client certificate on the 2-way channel, and none on the 1-way one. Where certificates are tried, nothing passes. */
export const certificatePresented: Check = ({ request: { certificate }, policy }) => {
  switch (policy.channel) {
    case 'mtls':
      if (certificate.status === 'absent') return deny('cert_missing')
      return certificate.status === 'malformed' ? deny('cert_malformed', { detail: certificate.cause }) : undefined
    case 'tls':
      return certificate.status === 'absent'
        ? undefined
        : deny('request_malformed', { detail: 'a client certificate on the 1-way channel' })
    case 'try':
      return deny('policy_unknown', { detail: 'no request passes under a policy for trying certificates' })
  }
}
