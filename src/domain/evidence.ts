import type { Psd2Role } from './certificate.ts'
import type { Identity } from './identify.ts'
import type { Hostnames, Policy } from './policy.ts'
import type { AuthRequest } from './request.ts'

/** Everything that a decision rests on, gathered before the first check runs. */
export interface Evidence {
  readonly now: Date
  readonly request: AuthRequest
  readonly policy: Policy
  readonly hostnames: Hostnames
  /** Whether the policy is in shadow mode at `now`. */
  readonly shadow: boolean
  readonly identity: Identity
  /** Whether the secret of Basic is the DevApp's; false where none was presented or the ClientKey is unknown. */
  readonly secretVerified: boolean
  /** Why the secret of Basic was not looked at, or counts for nothing; `undefined` where it was. */
  readonly secretLock: SecretLock | undefined
  /** `not_asked` where no registered certificate was presented. */
  readonly revocation: RevocationStatus
  /** Whether the registered issuer is one of the accepted qualified trust service providers. */
  readonly qtspAccepted: boolean
  /** What the registered leaf's organization has lost of its authorisation while the certificate is still valid. */
  readonly withdrawnRoles: ReadonlySet<Psd2Role>
}

/** After too many wrong secrets: of this ClientKey, or from this address. */
export interface SecretLock {
  readonly by: 'client_key' | 'address'
  readonly retryAfterMs: number
}

/** What is known of the leaf, and of the CAs between it and the root where they are asked about too. */
export type RevocationStatus = CertificateStatus & {
  /** Nearest first, in the order of the registered chain; absent where only the leaf is asked about. */
  readonly issuers?: readonly CertificateStatus[]
}

/** A failure is a value, never a default. */
export type CertificateStatus =
  | { readonly status: 'not_asked' }
  | (Answered & { readonly status: 'good' })
  | (Answered & {
      readonly status: 'revoked'
      readonly reason: string | undefined
      readonly revokedAt: Date | undefined
    })
  | (Answered & { readonly status: 'unknown' })
  | {
      readonly status: 'unavailable'
      readonly cause: string
      /** Whether the last verified answer said revoked: then no policy lets the certificate pass. */
      readonly lastRevoked: boolean
      readonly tolerated?: boolean
    }
  | {
      readonly status: 'no_source'
      /** Whether the configuration lets certificates of the issuer pass so, where the policy says nothing. */
      readonly tolerated?: boolean
    }

interface Answered {
  readonly source: 'ocsp' | 'crl'
  /** Where the signed answer was found. */
  readonly tier: 'memory' | 'redis' | 'responder'
  readonly thisUpdate: Date
  /** Not used from this instant on. */
  readonly usableUntil: Date
}
