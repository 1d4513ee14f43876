import type { Certificate } from '../domain/certificate.ts'
import type { RegisteredCertificate } from '../domain/devapp.ts'
import { isSignedBy } from '../pki/certificate.ts'

/** Counters since the start, which only ever grow. */
export interface RenewalStatistics {
  /** Requests with a certificate that nobody attached, and that seems to renew a registered one. */
  readonly likely: number
}

/**
 * Whoever presents a registered name makes the service verify at most so many signatures. CAs of one name and several keys
 * are rare, and one of the latest leaves of a name tells as much as all.
 */
export const mostCandidates = 4

/** Of hex: what an issuer's name ends with is its common name, as a rule. Where it tells two apart too little, their keys do. */
const issuerLength = 64

/** What a leaf and its renewal have in common, by their names; `undefined` for a leaf without a common name. */
export function renewalKey({
  commonNames,
  issuerDer,
}: Pick<Certificate, 'commonNames' | 'issuerDer'>): string | undefined {
  return commonNames.length === 0 ? undefined : `${issuerDer.slice(-issuerLength)}/${commonNames.join('\0')}`
}

/**
 * The one among registered certificates of the same key that the leaf, which is not registered, seems to renew. The signature of
 * its issuer is verified, since a stranger can write any name.
 */
export function likelyRenewedBy(
  leaf: Certificate,
  alike: readonly RegisteredCertificate[],
): RegisteredCertificate | undefined {
  return alike.find(({ chain: [issuer] }) => isSignedBy(leaf, issuer))
}
