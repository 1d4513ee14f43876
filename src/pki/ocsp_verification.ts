import type { HashAlgorithm } from './algorithm.ts'
import { tag } from './der.ts'
import { hexOf } from './der_values.ts'
import { unknownCritical } from './extensions.ts'
import { isSameName } from './name_match.ts'
import { furthest, type OcspRejection, rejected } from './ocsp_rejection.ts'
import { type CertId, certIdOf, nonceOid, type OcspSubject } from './ocsp_request.ts'
import { candidateResponders, type Responder, type ResponderPolicy } from './ocsp_responder.ts'
import {
  type BasicOcspResponse,
  type RevocationReason,
  readOcspResponse,
  type SingleResponse,
} from './ocsp_response.ts'
import { verifySignature } from './signature.ts'

/** What was asked, when it is judged, and what the operator allows. */
export interface OcspExpectation extends Omit<ResponderPolicy, 'issuer'> {
  readonly subject: OcspSubject
  /** By how much the responder's clock may differ. */
  readonly skewMs: number
  /** How long an answer without nextUpdate is usable from its thisUpdate on. */
  readonly maxAgeMs: number
  /** The nonce that was sent. */
  readonly nonce?: Uint8Array | undefined
  /** Whether an answer that does not repeat it is refused; pre-produced answers have none. Default false. */
  readonly nonceRequired?: boolean | undefined
}

export type OcspVerdict = OcspAnswer | OcspRejection

/** What the issuer, or who answers for it, says of the certificate. */
export interface OcspAnswer {
  readonly status: 'good' | 'revoked' | 'unknown'
  readonly thisUpdate: Date
  /** As it stands in the response, however absurd. */
  readonly nextUpdate: Date | undefined
  readonly producedAt: Date
  /**
   * Not used from this instant on: nextUpdate, or else thisUpdate and the maximum age, and never after the responder's
   * certificate. The skew does not extend it, so that an answer may be accepted once and not remembered.
   */
  readonly usableUntil: Date
  readonly revokedAt?: Date
  /** `undefined` also for a reason that RFC 5280 5.3.1 does not list. */
  readonly revocationReason?: RevocationReason | undefined
  /** The responder's subject, for people. */
  readonly responder: string
  readonly der: Uint8Array
}

/** A nextUpdate that is further away, as 9999-12-31, promises nothing: the maximum age counts instead. */
const longestIntervalMs = 366 * 86_400_000

const understoodInResponse: ReadonlySet<string> = new Set([
  nonceOid,
  '1.3.6.1.5.5.7.48.1.9', // extended-revoke: `revoked` for certificates never issued, which is no reason to pass them
])
const understoodInSingleResponse: ReadonlySet<string> = new Set([
  '1.3.6.1.5.5.7.48.1.3', // CRL references: which CRL says so
  '1.3.6.1.5.5.7.48.1.6', // archiveCutoff: never revives an expired certificate, so it is not read
])

/**
 * Judges the bytes that a responder sent, by RFC 6960 3.2 and 4.2: the answer, or the rule that they break. Never throws, and
 * what cannot be understood is rejected.
 */
export function verifyOcspResponse(der: Uint8Array, expected: OcspExpectation): OcspVerdict {
  try {
    const response = readOcspResponse(der)
    switch (response.status) {
      case 'not_successful':
        return rejected('not_successful', response.responseStatus)
      case 'unknown_type':
        return rejected('response_type_unknown', response.responseType)
      case 'successful':
        return judge(response.basic, der, expected)
    }
  } catch (cause) {
    return rejected('malformed', cause instanceof Error ? cause.message : String(cause))
  }
}

function judge(basic: BasicOcspResponse, der: Uint8Array, expected: OcspExpectation): OcspVerdict {
  const { certificate, issuer } = expected.subject
  if (!isSameName(certificate.issuerDer, issuer.subjectDer))
    return rejected('issuer_mismatch', `issuer=${certificate.issuer}`)
  const matching = responsesFor(expected.subject, basic)
  if (matching.length === 0) return rejected('cert_id_mismatch', `serialNumber=${certificate.serialNumber}`)
  const responder = signerOf(basic, { ...expected, issuer })
  if ('code' in responder) return responder
  const problem = problemOfExtensions(basic, matching) ?? problemOfNonce(basic, expected)
  if (problem !== undefined) return problem
  const decisive = decisiveOf(matching, expected)
  if ('code' in decisive) return decisive
  return { ...answerOf(decisive, responder, expected.maxAgeMs), producedAt: basic.producedAt, der }
}

/** Every single response whose CertID names the subject, by whichever hash the responder chose (RFC 6960 4.1.1). */
function responsesFor(subject: OcspSubject, { responses }: BasicOcspResponse): readonly SingleResponse[] {
  const asked = new Map<HashAlgorithm, CertId>()
  return responses.filter(({ certId: { hashAlgorithm, ...given } }) => {
    if (hashAlgorithm === undefined || given.serialNumber !== subject.certificate.serialNumber) return false
    const own = asked.get(hashAlgorithm) ?? certIdOf(subject, hashAlgorithm)
    asked.set(hashAlgorithm, own)
    return given.issuerNameHash === own.issuerNameHash && given.issuerKeyHash === own.issuerKeyHash
  })
}

/** Whoever made the signature, if that key may answer for the issuer. */
function signerOf(basic: BasicOcspResponse, policy: ResponderPolicy): Responder | OcspRejection {
  let refusal: OcspRejection | undefined
  for (const candidate of candidateResponders(basic, policy)) {
    const outcome = 'code' in candidate ? candidate : (problemOfSignature(basic, candidate, policy) ?? candidate)
    if (!('code' in outcome)) return outcome
    refusal = refusal === undefined ? outcome : furthest(refusal, outcome)
  }
  return (
    refusal ?? rejected('responder_not_authorized', 'ResponderID fits neither the issuer nor a certificate at hand')
  )
}

function problemOfSignature(
  { signatureAlgorithm: algorithm, signature, signed }: BasicOcspResponse,
  { key, name }: Responder,
  { allowSha1 }: ResponderPolicy,
): OcspRejection | undefined {
  switch (verifySignature({ algorithm, signature, signed, key })) {
    case 'valid':
      return undefined
    case 'valid_sha1':
      return allowSha1 ? undefined : rejected('signature_sha1', `responder=${name}`)
    case 'invalid':
      return rejected('signature_invalid', `responder=${name}`)
    case 'unsupported_algorithm':
      return rejected('signature_algorithm_unsupported', `responder=${name}`)
  }
}

/** RFC 6960 4.4: what is critical and not understood may change the meaning of everything else. */
function problemOfExtensions(basic: BasicOcspResponse, matching: readonly SingleResponse[]): OcspRejection | undefined {
  const unknown = [
    unknownCritical(basic.extensions, understoodInResponse),
    ...matching.map(({ extensions }) => unknownCritical(extensions, understoodInSingleResponse)),
  ].find((extension) => extension !== undefined)
  return unknown && rejected('unknown_critical_extension', unknown.oid)
}

/** RFC 9654 2: extnValue holds the nonce as an OCTET STRING, repeated octet by octet. */
function problemOfNonce({ extensions }: BasicOcspResponse, expected: OcspExpectation): OcspRejection | undefined {
  const { nonce, nonceRequired } = expected
  if (nonce === undefined) return undefined
  const repeated = extensions.get(nonceOid)
  if (repeated === undefined)
    return nonceRequired === true ? rejected('nonce_missing', 'none in the response') : undefined
  const same = Buffer.from([tag.octetString, nonce.length, ...nonce]).equals(repeated.value)
  return same ? undefined : rejected('nonce_mismatch', `extnValue=${hexOf(repeated.value.subarray(0, 48))}`)
}

const gravestFirst = ['revoked', 'unknown', 'good'] as const

/**
 * Of several answers about one certificate the gravest counts, and of those the newest that holds now. A grave answer outside
 * its time is not outweighed by a milder one inside: then there is none.
 */
function decisiveOf(matching: readonly SingleResponse[], expected: OcspExpectation): SingleResponse | OcspRejection {
  const newestFirst = [...matching].sort((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime())
  for (const status of gravestFirst) {
    const judged = newestFirst
      .filter(({ certStatus }) => certStatus.status === status)
      .map((single) => problemOfTime(single, expected) ?? single)
    const found = judged.find((one) => !('code' in one)) ?? judged[0]
    if (found !== undefined) return found
  }
  return rejected('cert_id_mismatch', 'no single response')
}

/** RFC 6960 4.2.2.1. */
function problemOfTime(single: SingleResponse, { at, skewMs, maxAgeMs }: OcspExpectation): OcspRejection | undefined {
  const { thisUpdate, nextUpdate } = single
  const times = `thisUpdate=${thisUpdate.toISOString()} nextUpdate=${nextUpdate?.toISOString() ?? 'none'}`
  if (nextUpdate !== undefined && nextUpdate < thisUpdate) return rejected('next_update_before_this_update', times)
  if (!(thisUpdate.getTime() <= at.getTime() + skewMs)) return rejected('not_yet_valid', times)
  const end = endOf(single, maxAgeMs)
  if (end.getTime() >= at.getTime() - skewMs) return undefined
  return rejected(end === nextUpdate ? 'expired' : 'too_old', times)
}

/** When a single response ends: at its nextUpdate, or at the maximum age when it names none, or an absurd one. */
function endOf({ thisUpdate, nextUpdate }: SingleResponse, maxAgeMs: number): Date {
  if (nextUpdate !== undefined && nextUpdate.getTime() - thisUpdate.getTime() <= longestIntervalMs) return nextUpdate
  return new Date(thisUpdate.getTime() + maxAgeMs)
}

function answerOf(single: SingleResponse, { name, notAfter }: Responder, maxAgeMs: number) {
  const { certStatus, thisUpdate, nextUpdate } = single
  const end = endOf(single, maxAgeMs)
  const usableUntil = notAfter !== undefined && notAfter < end ? notAfter : end
  const answer = { status: certStatus.status, thisUpdate, nextUpdate, usableUntil, responder: name }
  if (certStatus.status !== 'revoked') return answer
  return { ...answer, revokedAt: certStatus.revokedAt, revocationReason: certStatus.reason }
}
