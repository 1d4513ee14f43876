import type { Certificate } from '../domain/certificate.ts'
import { CertificateError, publicKeyOf } from './certificate.ts'
import { type CertificateList, readCrl } from './crl.ts'
import { readRevokedCertificates } from './crl_entries.ts'
import { type CrlRejection, crlRejected } from './crl_rejection.ts'
import { expectTag, readDer, tag } from './der.ts'
import { hasBit, hexOf } from './der_values.ts'
import { type IssuingDistributionPoint, readIssuingDistributionPoint } from './distribution_point.ts'
import { unknownCritical } from './extensions.ts'
import { isSameName } from './name_match.ts'
import type { RevokedSerials } from './revoked_serials.ts'
import { type SignatureVerdict, verifySignature } from './signature.ts'
import { readX509 } from './x509.ts'

/** Whose CRL it should be, when it is judged, and what the operator allows. */
export interface CrlExpectation {
  /** The issuer of the certificates that are asked about: its own key signs. */
  readonly issuer: Certificate
  readonly at: Date
  /** By how much the issuer's clock may be ahead. One that is behind ends its CRLs too early, which harms nobody. */
  readonly skewMs: number
  /** How long a CRL without nextUpdate is usable from its thisUpdate on. */
  readonly maxAgeMs: number
  /** Whether a signature that rests on SHA-1 counts. */
  readonly allowSha1: boolean
}

export type CrlVerdict = VerifiedCrl | CrlRejection

/** A complete CRL of one issuer, for the certificates in its scope. None of its bytes are kept. */
export interface VerifiedCrl {
  readonly status: 'verified'
  readonly issuer: Certificate
  readonly thisUpdate: Date
  /** As it stands in the CRL, however absurd. */
  readonly nextUpdate: Date | undefined
  /** Not used from this instant on: nextUpdate, or else thisUpdate and the maximum age. */
  readonly usableUntil: Date
  /** RFC 5280 5.2.3 */
  readonly number: bigint | undefined
  /** RFC 5280 5.2.5; `undefined` where it is about all certificates of the issuer. */
  readonly scope: (IssuingDistributionPoint & { readonly der: string }) | undefined
  readonly revoked: Pick<RevokedSerials, 'find' | 'size' | 'byteLength'>
}

const idKeyUsage = '2.5.29.15'
const cRLSign = 6
const idCrlNumber = '2.5.29.20'
const idDeltaCrlIndicator = '2.5.29.27'
const idIssuingDistributionPoint = '2.5.29.28'

/** Those that are read here, and those that restrict nothing about a complete CRL. */
const understood: ReadonlySet<string> = new Set([
  ...[idCrlNumber, idIssuingDistributionPoint],
  '2.5.29.35', // authorityKeyIdentifier: a hint, where the key is known
  '2.5.29.18', // issuerAltName
  '2.5.29.46', // freshestCRL: where delta CRLs are, which nobody has to use
  '1.3.6.1.5.5.7.1.1', // authorityInfoAccess
])

/** A nextUpdate that is further away, as 9999-12-31, promises nothing: the maximum age counts instead. */
const longestIntervalMs = 366 * 86_400_000

/**
 * Judges the bytes of a CRL by RFC 5280 5 and 6.3: what it lists, or the rule that it breaks. Complete CRLs of the issuer itself
 * are understood; delta CRLs, indirect ones and those for some reasons only are rejected. Never throws.
 */
export function verifyCrl(der: Uint8Array, expected: CrlExpectation): CrlVerdict {
  const steps = verifyCrlInSteps(der, expected)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** The same, with pauses: a CRL of a million entries takes a good part of a second. The signature is verified before the first. */
export function* verifyCrlInSteps(der: Uint8Array, expected: CrlExpectation): Generator<undefined, CrlVerdict> {
  try {
    return yield* judge(readCrl(der), expected)
  } catch (cause) {
    return crlRejected('malformed', cause instanceof Error ? cause.message : String(cause))
  }
}

function* judge(list: CertificateList, expected: CrlExpectation): Generator<undefined, CrlVerdict> {
  const scope = scopeOf(list)
  const problem =
    problemOfIssuer(list, expected) ??
    problemOfSignature(list, expected) ??
    problemOfExtensions(list) ??
    problemOfScope(scope) ??
    problemOfTime(list, expected)
  if (problem !== undefined) return problem
  const revoked = yield* readRevokedCertificates(list.revokedCertificates, list.version)
  if ('code' in revoked) return revoked
  const { thisUpdate, nextUpdate } = list
  return {
    status: 'verified',
    issuer: expected.issuer,
    thisUpdate,
    nextUpdate,
    usableUntil: endOf(list, expected.maxAgeMs),
    number: numberOf(list),
    scope,
    revoked,
  }
}

/** RFC 5280 6.3.3 (f): the issuer's own key, where it may sign CRLs (4.2.1.3). A certificate without keyUsage may. */
function problemOfIssuer({ issuerDer }: CertificateList, { issuer }: CrlExpectation): CrlRejection | undefined {
  if (!isSameName(issuerDer, issuer.subjectDer)) return crlRejected('issuer_mismatch', `expected=${issuer.subject}`)
  const keyUsage = readX509(issuer.der).extensions.get(idKeyUsage)
  if (keyUsage === undefined || hasBit(readDer(keyUsage.value), cRLSign)) return undefined
  return crlRejected('issuer_purpose', 'keyUsage without cRLSign')
}

function problemOfSignature(list: CertificateList, { issuer, allowSha1 }: CrlExpectation): CrlRejection | undefined {
  switch (signatureOn(list, issuer)) {
    case 'valid':
      return undefined
    case 'valid_sha1':
      return allowSha1 ? undefined : crlRejected('signature_sha1', `issuer=${issuer.subject}`)
    case 'invalid':
      return crlRejected('signature_invalid', `issuer=${issuer.subject}`)
    case 'unsupported_algorithm':
      return crlRejected('signature_algorithm_unsupported', `issuer=${issuer.subject}`)
  }
}

function signatureOn(list: CertificateList, issuer: Certificate): SignatureVerdict {
  const { signatureAlgorithm: algorithm, signature, signed } = list
  try {
    return verifySignature({ algorithm, signature, signed, key: publicKeyOf(issuer) })
  } catch (cause) {
    if (cause instanceof CertificateError) return 'unsupported_algorithm'
    throw cause
  }
}

/** RFC 5280 5.2: what is critical and not understood may change the meaning of everything else. */
function problemOfExtensions({ extensions }: CertificateList): CrlRejection | undefined {
  if (extensions.has(idDeltaCrlIndicator)) return crlRejected('delta', 'deltaCRLIndicator')
  const unknown = unknownCritical(extensions, understood)
  return unknown && crlRejected('unknown_critical_extension', unknown.oid)
}

function scopeOf({ extensions }: CertificateList): VerifiedCrl['scope'] {
  const extension = extensions.get(idIssuingDistributionPoint)
  return extension && { ...readIssuingDistributionPoint(extension.value), der: hexOf(extension.value) }
}

/** RFC 5280 5.2.5 and 6.3.3 (b): scopes that say too little of any certificate, whichever is asked about. */
function problemOfScope(scope: VerifiedCrl['scope']): CrlRejection | undefined {
  if (scope === undefined) return undefined
  if (scope.indirectCrl) return crlRejected('indirect', 'indirectCRL')
  if (scope.onlySomeReasons) return crlRejected('some_reasons', 'onlySomeReasons')
  if (scope.onlyContainsAttributeCerts) return crlRejected('attribute_certificates', 'onlyContainsAttributeCerts')
  if (scope.name?.names.length === 0) return crlRejected('scope_not_understood', 'nameRelativeToCRLIssuer')
  return undefined
}

/** RFC 5280 5.1.2.4 and 5.1.2.5. */
function problemOfTime(list: CertificateList, { at, skewMs, maxAgeMs }: CrlExpectation): CrlRejection | undefined {
  const { thisUpdate, nextUpdate } = list
  const times = `thisUpdate=${thisUpdate.toISOString()} nextUpdate=${nextUpdate?.toISOString() ?? 'none'}`
  if (nextUpdate !== undefined && nextUpdate < thisUpdate) return crlRejected('next_update_before_this_update', times)
  if (!(thisUpdate.getTime() <= at.getTime() + skewMs)) return crlRejected('not_yet_valid', times)
  const end = endOf(list, maxAgeMs)
  if (end > at) return undefined
  return crlRejected(end === nextUpdate ? 'expired' : 'too_old', times)
}

/** When a CRL ends: at its nextUpdate, or at the maximum age when it names none, or an absurd one. */
function endOf({ thisUpdate, nextUpdate }: CertificateList, maxAgeMs: number): Date {
  if (nextUpdate !== undefined && nextUpdate.getTime() - thisUpdate.getTime() <= longestIntervalMs) return nextUpdate
  return new Date(thisUpdate.getTime() + maxAgeMs)
}

function numberOf({ extensions }: CertificateList): bigint | undefined {
  const extension = extensions.get(idCrlNumber)
  if (extension === undefined) return undefined
  const { contents } = expectTag(readDer(extension.value), tag.integer, 'CRLNumber')
  return BigInt.asIntN(8 * contents.length, BigInt(`0x${hexOf(contents)}`))
}

/**
 * Whether a CRL may take the place of one that is known: it is not of an earlier thisUpdate, and, where both are of one
 * scope and numbered, not of a smaller number (RFC 5280 5.2.3).
 */
export function mayReplace(newer: VerifiedCrl, older: VerifiedCrl | undefined): boolean {
  if (older === undefined) return true
  if (newer.thisUpdate < older.thisUpdate) return false
  if (newer.scope?.der !== older.scope?.der || newer.number === undefined || older.number === undefined) return true
  return newer.number >= older.number
}
