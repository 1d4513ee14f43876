import type { Certificate } from '../domain/certificate.ts'
import type { RegisteredCertificate } from '../domain/devapp.ts'
import { isSignedBy } from '../pki/certificate.ts'

/**
 * Whoever presents a registered name makes the service verify at most so many signatures. CAs of one name and several keys
 * are rare, and one of the latest leaves of a name tells as much as all.
 */
const mostCandidates = 4

/** Counters since the start, which only ever grow. */
export interface RenewalStatistics {
  /** Requests with a certificate that nobody attached, and that seems to renew a registered one. */
  readonly likely: number
}

/** Registered leaves by issuer and common name, to recognise their renewals. */
export class RenewalIndex {
  /** By the issuer's name, then by the common name: both texts are there already, and no third one is made of them. */
  readonly #latest = new Map<string, Map<string, readonly RegisteredCertificate[]>>()

  add(certificate: RegisteredCertificate): void {
    const { issuerDer } = certificate.leaf
    const name = nameOf(certificate.leaf)
    if (name === undefined) return
    const ofIssuer = this.#latest.get(issuerDer) ?? new Map<string, readonly RegisteredCertificate[]>()
    this.#latest.set(issuerDer, ofIssuer)
    ofIssuer.set(name, [certificate, ...(ofIssuer.get(name) ?? [])].slice(0, mostCandidates))
  }

  /**
   * A registered certificate that the leaf, which is not registered, seems to renew: of the same common name, and by the same
   * issuer, whose signature is verified, since a stranger can write any name.
   */
  likelyRenewedBy(leaf: Certificate): RegisteredCertificate | undefined {
    const name = nameOf(leaf)
    const candidates = name === undefined ? undefined : this.#latest.get(leaf.issuerDer)?.get(name)
    return candidates?.find(({ chain: [issuer] }) => isSignedBy(leaf, issuer))
  }
}

/** Nothing is recognised by a name that is not there. */
function nameOf({ commonNames }: Certificate): string | undefined {
  return commonNames.length === 1 ? commonNames[0] : commonNames.join('\0') || undefined
}
