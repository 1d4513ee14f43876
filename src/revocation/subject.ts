import type { Certificate } from '../domain/certificate.ts'
import type { RegisteredCertificate } from '../domain/devapp.ts'
import { certIdOf, type OcspSubject } from '../pki/ocsp_request.ts'
import { type Addresses, type ResponderOverride, responderAddresses } from './addresses.ts'

/** A certificate that is asked about, with all that is worth finding out only once. */
export interface Subject extends OcspSubject {
  /** The whole CertID as text: two certificates never share an answer. */
  readonly key: string
  readonly addresses: Addresses
  readonly pinned: readonly Certificate[]
}

export interface SubjectRules {
  /** By the SHA-256 of the issuer's certificate, lower-case hex. */
  readonly overrides: ReadonlyMap<string, ResponderOverride>
  readonly allowedHosts?: ReadonlySet<string> | undefined
}

/** Subjects by registered certificate, forgotten together with it. */
export class Subjects {
  readonly #rules: SubjectRules
  readonly #subjects = new WeakMap<RegisteredCertificate, Subject>()

  constructor(rules: SubjectRules) {
    this.#rules = rules
  }

  /** The leaf as a subject; its issuer is the first of the chain. */
  of(registered: RegisteredCertificate): Subject {
    const known = this.#subjects.get(registered)
    if (known !== undefined) return known
    const subject = subjectFrom(registered.leaf, registered.chain[0], this.#rules)
    this.#subjects.set(registered, subject)
    return subject
  }
}

function subjectFrom(certificate: Certificate, issuer: Certificate, rules: SubjectRules): Subject {
  const { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } = certIdOf({ certificate, issuer })
  const override = rules.overrides.get(issuer.sha256)
  return {
    certificate,
    issuer,
    key: `${hashAlgorithm}:${issuerNameHash}:${issuerKeyHash}:${serialNumber}`,
    addresses: responderAddresses(certificate, override, rules.allowedHosts),
    pinned: override?.pinned ?? [],
  }
}
