import type { Certificate } from './certificate.ts'
import type { DevApp, RegisteredCertificate } from './devapp.ts'
import type { RegisteredDevApps } from './identify.ts'

/** What a refused certificate nearly is, the most telling first. */
export const nearMissKinds = [
  'reissued',
  'other_issuer',
  'same_key',
  'other_serial',
  'newer_registered',
  'devapp_disabled',
  'other_environment',
  'other_devapp',
] as const
export type NearMissKind = (typeof nearMissKinds)[number]

export interface NearMiss {
  readonly kind: NearMissKind
  /** Ids of the DevApps that it is about. */
  readonly devApps: readonly string[]
  /** The SHA-256 of the registered certificate that it is about. */
  readonly sha256: string
  readonly message: string
  readonly cure: string
  /**
   * Whether the presented leaf verifies under the issuer that is registered. Otherwise only operators may be told: anybody can
   * sign a victim's serial number and name.
   */
  readonly provenIssuer: boolean
}

export interface Registration {
  readonly certificate: RegisteredCertificate
  readonly owners: readonly DevApp[]
}

/** What near misses are looked up in, answered from memory. */
export interface Registrations extends Pick<RegisteredDevApps, 'byClientKey'> {
  /** The registered certificates that share a serial number, a common name or the key with a leaf. */
  alike(leaf: Certificate): readonly Registration[]
  isIssuedBy(leaf: Certificate, issuer: Certificate): boolean
  haveSameKey(one: Certificate, other: Certificate): boolean
}

/** DevApps for people: `acme (Acme, production)`. */
export function wordsOf(devApps: readonly DevApp[]): string {
  return devApps
    .map(
      ({ id, name, environment, status }) =>
        `${id} (${[name, environment, ...(status === 'disabled' ? ['disabled'] : [])].join(', ')})`,
    )
    .join(' and ')
}
