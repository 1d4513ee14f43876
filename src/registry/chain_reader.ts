import { createHash, hash } from 'node:crypto'
import type { Certificate } from '../domain/certificate.ts'
import type { RegisteredCertificate } from '../domain/devapp.ts'
import { CertificateError, certificateFromDer, dersFromPem, isSelfSigned, isSignedBy } from '../pki/certificate.ts'
import { lazyCertificate } from '../pki/lazy_certificate.ts'
import { isSameName } from '../pki/name_match.ts'

/** The issuer first, the root last. */
export type Authorities = RegisteredCertificate['chain']

/** What is written as a chain and is none, in words, with the cure. */
export class ChainError extends Error {
  override readonly name = 'ChainError'
  readonly cure: string

  constructor(message: string, cure: string) {
    super(message)
    this.cure = cure
  }
}

const order = 'write the leaf first, then each issuer, and the self-signed root last'
const orderOfAuthorities = 'write the CA that issues first, then each issuer, and the self-signed root last'
const blocks = 'write the chain as PEM blocks, the leaf first'

/**
 * Reads chains as a registry keeps them: of a leaf little more than its DER, and each row of CAs once, however many leaves it
 * issued. Every CA is verified with the next, and the leaf with its issuer.
 */
export class ChainReader {
  /**
   * Gets the leaves whose signature is still to be verified: they are then not verified here, only the names have been compared.
   * Without, they are.
   */
  unverified: RegisteredCertificate[] | undefined
  /** Rows of CAs by the SHA-256 of all their DER. */
  readonly #known = new Map<string, Authorities>()
  /** CAs by the SHA-256 of their DER, each with those that were found to have issued it. */
  readonly #authorities = new Map<string, { readonly certificate: Certificate; readonly issuers: Set<Certificate> }>()

  /** A chain in PEM: leaf, issuer and so on up to the root. Throws ChainError. */
  chainFromPem(pem: string): RegisteredCertificate {
    return this.chainFromDer(dersOf(pem))
  }

  /** The same of their DER. */
  chainFromDer([leaf, ...above]: readonly Uint8Array[]): RegisteredCertificate {
    const [issuer] = above
    if (leaf === undefined || issuer === undefined)
      throw new ChainError('a chain has at least a leaf and its issuer', 'add the certificates up to the root')
    const known = this.#known.get(digestOf(above))
    const certificate = leafOf(leaf)
    // The first gap from the leaf on is the one to mend.
    if (known === undefined) this.#expectIssued(certificate, this.#authority(issuer).certificate, order)
    return this.#registered(certificate, known ?? this.authorities(above, order), order)
  }

  /** One leaf in PEM, issued by the first of the CAs. Throws ChainError. */
  leafFromPem(pem: string, chain: Authorities): RegisteredCertificate {
    const [leaf, ...others] = dersOf(pem)
    if (leaf === undefined || others.length > 0)
      throw new ChainError('expected one certificate', 'write the PEM block of the leaf alone')
    return this.leafFromDer(leaf, chain)
  }

  /** The same of its DER. */
  leafFromDer(der: Uint8Array, chain: Authorities): RegisteredCertificate {
    return this.#registered(leafOf(der), chain, 'name the chain that begins with the CA that issued it')
  }

  /** The CAs of a chain in PEM. Throws ChainError. */
  authoritiesFromPem(pem: string): Authorities {
    return this.authorities(dersOf(pem), orderOfAuthorities)
  }

  /** The same of their DER, the very objects where these CAs were read before. */
  authorities(ders: readonly Uint8Array[], cure = orderOfAuthorities): Authorities {
    const digest = digestOf(ders)
    const known = this.#known.get(digest)
    if (known !== undefined) return known
    const [issuer, ...above] = ders.map((der) => this.#authority(der).certificate)
    if (issuer === undefined) throw new ChainError('a chain has at least one CA', 'add the certificates up to the root')
    const chain: Authorities = [issuer, ...above]
    for (const [i, each] of chain.entries()) {
      if (!this.#isIssued(each, chain[i + 1] ?? each)) throw new ChainError(notIssued(each, chain[i + 1]), cure)
    }
    this.#known.set(digest, chain)
    return chain
  }

  #authority(der: Uint8Array): { readonly certificate: Certificate; readonly issuers: Set<Certificate> } {
    const sha256 = hash('sha256', der, 'base64')
    const known = this.#authorities.get(sha256) ?? { certificate: authorityOf(der), issuers: new Set() }
    this.#authorities.set(sha256, known)
    return known
  }

  #isIssued(authority: Certificate, issuer: Certificate): boolean {
    const { issuers } = this.#authority(authority.der)
    if (issuers.has(issuer)) return true
    const holds = issuer === authority ? isSelfSigned(authority) : isSignedBy(authority, issuer)
    if (holds) issuers.add(issuer)
    return holds
  }

  #registered(leaf: Certificate, chain: Authorities, cure: string): RegisteredCertificate {
    const registered = { leaf, chain }
    this.#expectIssued(leaf, chain[0], cure)
    this.unverified?.push(registered)
    return registered
  }

  #expectIssued(leaf: Certificate, issuer: Certificate, cure: string): void {
    const holds =
      this.unverified === undefined ? isSignedBy(leaf, issuer) : isSameName(leaf.issuerDer, issuer.subjectDer)
    // A leaf of which only the outline can be read has no name to be said.
    if (!holds)
      throw new ChainError(
        explained(() => notIssued(leaf, issuer)),
        cure,
      )
  }
}

/** Says that the next certificate of a chain did not issue the one before. */
export function notIssued(subject: Certificate, next: Certificate | undefined): string {
  return next === undefined
    ? `${subject.subject} is no root, and nothing follows it`
    : `${subject.subject} was not issued by ${next.subject}, which follows it`
}

const dersOf = (pem: string): Uint8Array[] => explained(() => dersFromPem(pem))
const leafOf = (der: Uint8Array): Certificate => explained(() => lazyCertificate(der))
const authorityOf = (der: Uint8Array): Certificate => explained(() => certificateFromDer(der))

function explained<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    throw new ChainError(error.message, blocks)
  }
}

function digestOf(ders: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const der of ders) hash.update(der)
  return hash.digest('base64')
}
