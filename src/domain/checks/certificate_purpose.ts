import { keyPurpose } from '../certificate.ts'
import { deny } from '../decision.ts'
import type { Check } from './check.ts'

/** id-kp-clientAuth, any purpose, or no extended key usage at all (RFC 5280 4.2.1.12). */
export const certificatePurpose: Check = ({ request: { certificate: presented } }) => {
  if (presented.status !== 'presented') return undefined
  const usages = presented.certificate.extendedKeyUsage
  if (usages === undefined || usages.includes(keyPurpose.clientAuth) || usages.includes(keyPurpose.any))
    return undefined
  return deny('cert_purpose', { detail: `extendedKeyUsage=${usages.join(',')}` })
}
