import type { BasicHeader } from './basic.ts'
import type { Certificate } from './certificate.ts'
import type { SentChain } from './chain.ts'
import type { SignedParts } from './signature.ts'

/** A request that Envoy asks about, reduced to what is read here. `envoy/check_request.ts` makes it. */
export interface AuthRequest {
  /** Envoy's `x-request-id`, or empty. */
  readonly id: string
  /** The policy that the matched route names. */
  readonly policy: string | undefined
  /** Lower case; `undefined` when the client sent no SNI. */
  readonly sni: string | undefined
  /** The authority without port and trailing dot, lower case. */
  readonly host: string
  readonly certificate: PresentedCertificate
  readonly basic: BasicHeader
  /** `x-client-key`: which DevApp is meant, when a certificate serves several. */
  readonly clientKey: string | undefined
  /** The client's address, as Envoy sees it. */
  readonly source: string | undefined
  /** What the certificate came with; Envoy says so where certificates are tried, and nowhere else. Read when it is asked for. */
  readonly sentChain: () => SentChain
  /** What its signature is over. Read when it is asked for. */
  readonly signedParts: () => SignedParts
  /** Whether the client asks for JSON, where there is a choice. */
  readonly wantsJson: boolean
}

export type PresentedCertificate =
  | { readonly status: 'absent' }
  | { readonly status: 'malformed'; readonly cause: string }
  | { readonly status: 'presented'; readonly certificate: Certificate }
