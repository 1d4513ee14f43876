import type { Certificate } from '../domain/certificate.ts'
import { certificatePurpose } from '../domain/checks/certificate_purpose.ts'
import { certificateValidity } from '../domain/checks/certificate_validity.ts'
import type { Evidence } from '../domain/evidence.ts'
import { isSignedBy } from '../pki/certificate.ts'
import type { RegistrySnapshot } from '../registry/registry.ts'
import { trustedAuthorities } from '../registry/truststore.ts'

/** Why a new connection does not get as far as the service, in words; `undefined` where the leaf and the trust store give no reason. */
export function handshakeRefusal(
  evidence: Evidence | undefined,
  snapshot: RegistrySnapshot | undefined,
): string | undefined {
  if (evidence === undefined || snapshot === undefined || evidence.policy.channel !== 'mtls') return undefined
  const { certificate } = evidence.request
  if (certificate.status === 'absent') return 'Envoy refuses a handshake without a client certificate by a TLS alert.'
  if (certificateValidity(evidence) !== undefined || certificatePurpose(evidence) !== undefined)
    return 'Envoy refuses such a certificate in the handshake, by a TLS alert: only an open connection gets this answer.'
  if (certificate.status === 'presented' && !isTrusted(certificate.certificate, snapshot))
    return "No CA in Envoy's trust store issued it: unless the client sends intermediates that lead to one, the handshake ends in a TLS alert."
  return undefined
}

const isTrusted = (leaf: Certificate, { devApps }: RegistrySnapshot): boolean =>
  trustedAuthorities(devApps).some((authority) => isSignedBy(leaf, authority))
