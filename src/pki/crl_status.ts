import type { Certificate } from '../domain/certificate.ts'
import { type CrlRejection, crlRejected } from './crl_rejection.ts'
import type { VerifiedCrl } from './crl_verification.ts'
import { type Der, DerError, expectTag, Fields, readDer, tag } from './der.ts'
import { booleanOf } from './der_values.ts'
import { type DistributionPoint, readDistributionPoint } from './distribution_point.ts'
import { type Extensions, noExtensions } from './extensions.ts'
import { isSameName } from './name_match.ts'
import type { RevocationReason } from './ocsp_response.ts'
import { readX509 } from './x509.ts'

/** A certificate, with what decides which CRLs are about it: worth finding out only once. */
export interface CrlSubject {
  readonly certificate: Certificate
  /** Where its CRLs are, in order, whatever the protocol. */
  readonly urls: readonly string[]
  /** How its distribution points are named: GeneralNames in DER, hex. */
  readonly pointNames: ReadonlySet<string>
  /** `undefined` where the certificate does not say it readably. */
  readonly isCa: boolean | undefined
}

export type CrlStatus =
  /** Not on the list. */
  | { readonly status: 'good' }
  | {
      readonly status: 'revoked'
      /** `undefined` also for a reason that RFC 5280 5.3.1 does not list. */
      readonly reason: RevocationReason | undefined
      readonly revokedAt: Date
    }
  | CrlRejection

const idBasicConstraints = '2.5.29.19'
const idCrlDistributionPoints = '2.5.29.31'

/**
 * The distribution points of a certificate whose CRLs are complete and its issuer's own (RFC 5280 4.2.1.13): those for some
 * reasons only, those of another CRL issuer, and what cannot be read, are passed over. Never throws.
 */
export function crlSubjectOf(certificate: Certificate): CrlSubject {
  const extensions = orElse(noExtensions, () => readX509(certificate.der).extensions)
  const points = pointsIn(extensions).filter(({ hasReasons, hasCrlIssuer }) => !hasReasons && !hasCrlIssuer)
  return {
    certificate,
    urls: [...new Set(points.flatMap(({ urls }) => urls))],
    pointNames: new Set(points.flatMap(({ names }) => names)),
    isCa: orElse(undefined, () => isCaBy(extensions)),
  }
}

function pointsIn(extensions: Extensions): DistributionPoint[] {
  const extension = extensions.get(idCrlDistributionPoints)
  if (extension === undefined) return []
  const elements = orElse<readonly Der[]>(
    [],
    () => expectTag(readDer(extension.value), tag.sequence, 'CRLDistributionPoints').children,
  )
  return elements.flatMap((element) => orElse<DistributionPoint[]>([], () => [readDistributionPoint(element)]))
}

/** RFC 5280 4.2.1.9 */
function isCaBy(extensions: Extensions): boolean {
  const extension = extensions.get(idBasicConstraints)
  if (extension === undefined) return false
  const ca = new Fields(readDer(extension.value), 'BasicConstraints').optional(tag.boolean)
  return ca !== undefined && booleanOf(ca)
}

function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof DerError) return otherwise
    throw cause
  }
}

/**
 * What a verified CRL says of a certificate, by RFC 5280 6.3.3: revoked where it lists the serial number, good where it
 * does not, rejected where it is not about that certificate. When it is used, `usableUntil` must lie ahead. Never throws.
 */
export function statusByCrl(crl: VerifiedCrl, subject: CrlSubject): CrlStatus {
  const problem = problemOfScope(crl, subject)
  if (problem !== undefined) return problem
  const entry = crl.revoked.find(subject.certificate.serialNumber)
  if (entry === undefined) return { status: 'good' }
  // A reason that is not known, or out of place as removeFromCRL, makes the certificate no less revoked.
  return { status: 'revoked', reason: reasons[entry.reasonCode ?? -1], revokedAt: entry.revokedAt }
}

/** Why a CRL is not about a certificate (RFC 5280 6.3.3 (b)), which its serial number has no part in. */
export function problemOfScope({ issuer, scope }: VerifiedCrl, subject: CrlSubject): CrlRejection | undefined {
  const { certificate, isCa, pointNames } = subject
  if (!isSameName(certificate.issuerDer, issuer.subjectDer))
    return crlRejected('issuer_mismatch', `issuer=${certificate.issuer}`)
  if (scope === undefined) return undefined
  if (scope.onlyContainsUserCerts && isCa !== false) return crlRejected('other_certificates', 'onlyContainsUserCerts')
  if (scope.onlyContainsCaCerts && isCa !== true) return crlRejected('other_certificates', 'onlyContainsCACerts')
  if (scope.name === undefined || scope.name.names.some((name) => pointNames.has(name))) return undefined
  return crlRejected('distribution_point_mismatch', scope.name.urls.join(' '))
}

/** CRLReason (RFC 5280 5.3.1), by number. */
const reasons: readonly (RevocationReason | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
]
