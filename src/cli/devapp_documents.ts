import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import { publicKeyKind } from '../pki/public_key.ts'

/** A DevApp as the command line shows it. Neither secrets nor their hashes; times in RFC 3339. */
export interface DevAppDocument {
  readonly id: string
  readonly name: string
  readonly environment: DevApp['environment']
  readonly status: DevApp['status']
  readonly clientKey: string
  readonly clientSecrets: readonly SecretDocument[]
  readonly products: readonly string[]
  /** The next to expire first. */
  readonly certificates: readonly CertificateDocument[]
  readonly publicKeys: readonly PublicKeyDocument[]
  readonly labels: Readonly<Record<string, string>>
}

export interface PublicKeyDocument {
  readonly id: string
  /** Such as `RSA 2048`. */
  readonly kind: string
  readonly algorithm: string
  readonly sha256: string
}

export interface SecretDocument {
  /** `null` for one that is right until it is replaced. */
  readonly validUntil: string | null
  readonly valid: boolean
}

export interface CertificateDocument {
  readonly serialNumber: string
  readonly commonName: string
  readonly issuer: string
  readonly notAfter: string
  readonly sha256: string
  /** The other DevApps that it is attached to. */
  readonly sharedWith: readonly string[]
}

/** Who has a leaf, by its SHA-256. */
export interface Owners {
  ownersOf(sha256: string): readonly DevApp[] | Promise<readonly DevApp[]>
}

export async function devAppDocument(devApp: DevApp, owners: Owners, now: Date): Promise<DevAppDocument> {
  const certificates: CertificateDocument[] = []
  for (const certificate of devApp.certificates) {
    const others = (await owners.ownersOf(certificate.leaf.sha256)).filter(({ id }) => id !== devApp.id)
    certificates.push(certificateDocument(certificate, others))
  }
  return {
    id: devApp.id,
    name: devApp.name,
    environment: devApp.environment,
    status: devApp.status,
    clientKey: devApp.clientKey,
    clientSecrets: devApp.clientSecrets.map(({ notAfter }) => ({
      validUntil: notAfter === undefined ? null : secondsOf(notAfter),
      valid: notAfter === undefined || now < notAfter,
    })),
    products: [...devApp.products],
    certificates: certificates.sort((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter)),
    publicKeys: devApp.publicKeys.map((key) => ({
      ...{ id: key.id, kind: publicKeyKind(key), algorithm: key.algorithm, sha256: key.sha256 },
    })),
    labels: devApp.labels,
  }
}

export function certificateDocument({ leaf }: RegisteredCertificate, others: readonly DevApp[]): CertificateDocument {
  return {
    serialNumber: leaf.serialNumber,
    commonName: leaf.commonNames.join(', ') || leaf.subject,
    issuer: leaf.issuer,
    notAfter: secondsOf(leaf.notAfter),
    sha256: leaf.sha256,
    sharedWith: others.map(({ id }) => id),
  }
}

/** RFC 3339, without milliseconds that are none. */
export const secondsOf = (time: Date): string => time.toISOString().replace('.000Z', 'Z')
