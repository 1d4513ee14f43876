import type { BasicHeader } from './basic.ts'
import type { Certificate } from './certificate.ts'

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
}

export type PresentedCertificate =
  | { readonly status: 'absent' }
  | { readonly status: 'malformed'; readonly cause: string }
  | { readonly status: 'presented'; readonly certificate: Certificate }
