import type { Certificate } from './certificate.ts'
import type { PublicKey } from './signature.ts'

/** A developer application: what a third party registered, and may do (the unit of access). */
export interface DevApp {
  readonly id: string
  readonly name: string
  readonly environment: 'production' | 'staging'
  readonly status: 'enabled' | 'disabled'
  readonly clientKey: string
  /** Hashes, never the secrets; several while one is being replaced. */
  readonly clientSecrets: readonly ClientSecret[]
  /** API products that it selected. */
  readonly products: ReadonlySet<string>
  readonly certificates: readonly RegisteredCertificate[]
  /** What its requests are signed with; several while one is being replaced. */
  readonly publicKeys: readonly PublicKey[]
  /** Free words of the operator's own, for people and their tools: they decide nothing. */
  readonly labels: Readonly<Record<string, string>>
}

export interface ClientSecret {
  /** In the notation of `registry/secrets.ts`. */
  readonly hash: string
  /** Not accepted from this instant on. */
  readonly notAfter: Date | undefined
}

/** A leaf with the chain it was registered with. */
export interface RegisteredCertificate {
  readonly leaf: Certificate
  /** The issuer first, the root last; never empty. */
  readonly chain: readonly [Certificate, ...Certificate[]]
}
