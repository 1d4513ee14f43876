import type { Certificate, Psd2Role } from './domain/certificate.ts'
import type { ChainFinding } from './domain/chain.ts'
import type { DevApp, RegisteredCertificate } from './domain/devapp.ts'
import type { RevocationStatus, SecretLock } from './domain/evidence.ts'
import type { RegisteredDevApps } from './domain/identify.ts'
import type { Registrations } from './domain/near_miss.ts'
import type { Rate } from './domain/policy.ts'

/** What `authorize` needs from the floors beside it. `serve.ts` joins the ends. */
export interface Ports {
  readonly registry: Registry
  readonly secrets: Secrets
  readonly attempts: Attempts
  readonly revocation: Revocation
  readonly qtsps: Qtsps
  readonly withdrawals: Withdrawals
  readonly trials: Trials
  readonly clock: Clock
}

export interface Registry {
  /** The DevApps in force; `undefined` until a first snapshot was read. */
  snapshot(): RegisteredDevApps | undefined
}

export interface Secrets {
  /**
   * Whether `clientSecret` is one of the DevApp's at `at`. An unknown DevApp (`undefined`) costs the same time as a wrong
   * secret.
   */
  verify(devApp: DevApp | undefined, clientSecret: string, at: Date): boolean | Promise<boolean>
}

/** Somebody who presents the secret of a ClientKey. */
export interface SecretAttempt {
  readonly clientKey: string
  /** The client's address, as Envoy sees it. */
  readonly source: string
}

/** How often secrets were presented wrongly. */
export interface Attempts {
  /** Whether too many were; `undefined` where the secret may be looked at. Costs the same for a ClientKey that is unknown. */
  lockOf(attempt: SecretAttempt, at: Date): SecretLock | undefined
  succeeded(attempt: SecretAttempt, at: Date): void
  /** `devApp` is whose the ClientKey is; `undefined` where it is nobody's. */
  failed(attempt: SecretAttempt, devApp: string | undefined, at: Date): void
}

export interface Revocation {
  /** Never rejects: what went wrong is a status. Synchronous where the answer is remembered in memory. */
  statusOf(certificate: RegisteredCertificate, at: Date): RevocationStatus | Promise<RevocationStatus>
}

export interface Qtsps {
  /** Whether the operator accepts this CA as a qualified trust service provider. */
  accepts(issuer: Certificate): boolean
}

export interface Withdrawals {
  /** The PSD2 roles withdrawn from who has this organizationIdentifier; none from who is not on the list. */
  rolesOf(organizationIdentifier: string): ReadonlySet<Psd2Role>
}

/** Whether a request may go on; `by` is whose requests were too many. */
export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly by: 'source' | 'total'; readonly retryAfterMs: number }

/** What only the hostname to try a certificate on needs. */
export interface Trials {
  /** Counts a trial, or refuses it. */
  admit(source: string, rate: Rate, at: Date): Admission
  /** How the leaf leads to a CA that an enabled DevApp registered; `sent` is what it came with. */
  chainOf(leaf: Certificate, sent: readonly Certificate[], at: Date): ChainFinding
  /** What near misses are looked up in; `undefined` until a first snapshot was read. */
  registrations(): Registrations | undefined
}

export type Clock = () => Date
