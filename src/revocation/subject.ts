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
  /** Whether the operator lets it pass without an answer, where the policy says nothing. */
  readonly tolerated: Readonly<Record<'unavailable' | 'no_source', boolean>>
}

export interface SubjectRules {
  /** By the SHA-256 of the issuer's certificate, lower-case hex. */
  readonly overrides: ReadonlyMap<string, ResponderOverride>
  readonly allowedHosts?: ReadonlySet<string> | undefined
  /** Where nothing is said of the issuer; default: deny. */
  readonly onUnavailable?: 'deny' | 'allow' | undefined
  readonly onNoSource?: 'deny' | 'allow' | undefined
  /** Whether the CAs between leaf and root are asked about too; default: the leaf alone. */
  readonly check?: 'leaf' | 'chain' | undefined
}

/** The leaf, and the intermediates that are asked about too, nearest first. */
export type SubjectChain = readonly [Subject, ...Subject[]]

const none: readonly never[] = []

/** Subjects by registered certificate, forgotten together with it. */
export class Subjects {
  readonly #rules: SubjectRules
  readonly #leaves = new WeakMap<RegisteredCertificate, Subject>()
  /** Those above the leaf, where they are asked about too. */
  readonly #above = new WeakMap<RegisteredCertificate['chain'], readonly Subject[]>()
  readonly #issuers = new WeakMap<Certificate, Issuer>()

  constructor(rules: SubjectRules) {
    this.#rules = rules
  }

  /** The leaf as a subject; its issuer is the first of the chain. */
  of(registered: RegisteredCertificate): Subject {
    const known = this.#leaves.get(registered)
    if (known !== undefined) return known
    const subject = this.#issuer(registered.chain[0]).subjectFrom(registered.leaf)
    this.#leaves.set(registered, subject)
    return subject
  }

  /** The intermediates that are asked about too, nearest first. The root, last of its chain, is trusted as given. */
  issuersOf({ chain }: RegisteredCertificate): readonly Subject[] {
    if (this.#rules.check !== 'chain') return none
    const known = this.#above.get(chain)
    if (known !== undefined) return known
    const subjects = chain
      .slice(0, -1)
      .map((issued, index) => this.#issuer(chain[index + 1] ?? issued).subjectFrom(issued))
    this.#above.set(chain, subjects)
    return subjects
  }

  /** All that is asked about for the leaf. */
  chainOf(registered: RegisteredCertificate): SubjectChain {
    return [this.of(registered), ...this.issuersOf(registered)]
  }

  #issuer(certificate: Certificate): Issuer {
    const known = this.#issuers.get(certificate)
    if (known !== undefined) return known
    const issuer = new Issuer(certificate, this.#rules)
    this.#issuers.set(certificate, issuer)
    return issuer
  }
}

/** What the certificates of one issuer have in common, there once for all of them. */
class Issuer {
  readonly certificate: Certificate
  readonly pinned: readonly Certificate[]
  readonly tolerated: Subject['tolerated']
  readonly #rules: SubjectRules
  readonly #override: ResponderOverride | undefined
  /** By what certificates name. */
  readonly #addresses = new Map<string, Addresses>()

  constructor(certificate: Certificate, rules: SubjectRules) {
    this.certificate = certificate
    this.#rules = rules
    this.#override = rules.overrides.get(certificate.sha256)
    this.pinned = this.#override?.pinned ?? []
    this.tolerated = {
      unavailable: (this.#override?.onUnavailable ?? rules.onUnavailable) === 'allow',
      no_source: (this.#override?.onNoSource ?? rules.onNoSource) === 'allow',
    }
  }

  subjectFrom(certificate: Certificate): Subject {
    const issuer = this.certificate
    const { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } = certIdOf({ certificate, issuer })
    return {
      certificate,
      issuer,
      key: [hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber].join(':'),
      addresses: this.#addressesOf(certificate),
      pinned: this.pinned,
      tolerated: this.tolerated,
    }
  }

  #addressesOf(certificate: Certificate): Addresses {
    const named = certificate.ocspUrls.join(' ')
    const known = this.#addresses.get(named)
    if (known !== undefined) return known
    const addresses = responderAddresses(certificate, this.#override, this.#rules.allowedHosts)
    this.#addresses.set(named, addresses)
    return addresses
  }
}
