import { type HashAlgorithm, readHashAlgorithm } from './algorithm.ts'
import { type Der, DerError, expectTag, explicitValue, Fields, readDer, tag } from './der.ts'
import {
  generalizedTimeOf,
  hexOf,
  integerHexOf,
  octetStringOf,
  oidOf,
  smallNumberOf,
  wholeOctetsOf,
} from './der_values.ts'
import { type Extensions, noExtensions, readExtensions } from './extensions.ts'

/** An OCSPResponse (RFC 6960 4.2.1): an answer, or one of the reasons for having none. Nothing in it is verified yet. */
export type OcspResponse =
  | { readonly status: 'successful'; readonly basic: BasicOcspResponse }
  /** Unsigned: says nothing about any certificate. */
  | { readonly status: 'not_successful'; readonly responseStatus: string }
  | { readonly status: 'unknown_type'; readonly responseType: string }

export interface BasicOcspResponse {
  /** tbsResponseData in DER: what is signed. */
  readonly signed: Uint8Array
  readonly signatureAlgorithm: Der
  readonly signature: Uint8Array
  readonly responderId: ResponderId
  readonly producedAt: Date
  readonly responses: readonly SingleResponse[]
  readonly extensions: Extensions
  /** As embedded, unread. */
  readonly certificates: readonly Der[]
}

/** Lower-case hex: of the Name in DER, or of the SHA-1 of the responder's key. */
export type ResponderId = { readonly byName: string } | { readonly byKey: string }

export interface SingleResponse {
  readonly certId: {
    /** `undefined` for a hash that is not known here. */
    readonly hashAlgorithm: HashAlgorithm | undefined
    readonly issuerNameHash: string
    readonly issuerKeyHash: string
    /** Contents octets of the INTEGER, hex. */
    readonly serialNumber: string
  }
  readonly certStatus: CertStatus
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly extensions: Extensions
}

export type CertStatus =
  | { readonly status: 'good' | 'unknown' }
  | { readonly status: 'revoked'; readonly revokedAt: Date; readonly reason: RevocationReason | undefined }

/** CRLReason (RFC 5280 5.3.1). */
const revocationReasons = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'cACompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  8: 'removeFromCRL',
  9: 'privilegeWithdrawn',
  10: 'aACompromise',
} as const
export type RevocationReason = (typeof revocationReasons)[keyof typeof revocationReasons]

const responseStatuses: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
}

const idPkixOcspBasic = '1.3.6.1.5.5.7.48.1.1'

/** Certificates that a response may embed: a responder needs one, and each may cost a signature check. */
const maxCertificates = 16

/** Reads an OCSPResponse of at most 64 KiB. Throws DerError on what is not strict DER or not that structure. */
export function readOcspResponse(der: Uint8Array): OcspResponse {
  const fields = new Fields(readDer(der), 'OCSPResponse')
  const responseStatus = smallNumberOf(fields.next(tag.enumerated), tag.enumerated)
  // What stands beside another status than successful is not read: nothing in it could count.
  if (responseStatus !== 0)
    return { status: 'not_successful', responseStatus: responseStatuses[responseStatus] ?? `${responseStatus}` }
  const responseBytes = new Fields(explicitValue(fields.next(tag.context(0))), 'ResponseBytes')
  fields.end()
  const responseType = oidOf(responseBytes.next(tag.oid))
  const response = octetStringOf(responseBytes.next(tag.octetString))
  responseBytes.end()
  if (responseType !== idPkixOcspBasic) return { status: 'unknown_type', responseType }
  return { status: 'successful', basic: readBasicOcspResponse(response) }
}

function readBasicOcspResponse(der: Uint8Array): BasicOcspResponse {
  const fields = new Fields(readDer(der), 'BasicOCSPResponse')
  const responseData = fields.next(tag.sequence)
  const signatureAlgorithm = fields.next(tag.sequence)
  const signature = wholeOctetsOf(fields.next(tag.bitString))
  const certificates = fields.optional(tag.context(0))
  fields.end()
  return {
    ...readResponseData(responseData),
    signed: responseData.bytes,
    signatureAlgorithm,
    signature,
    certificates: certificates === undefined ? [] : readCertificates(explicitValue(certificates)),
  }
}

function readCertificates(element: Der): readonly Der[] {
  const { children } = expectTag(element, tag.sequence, 'certs')
  if (children.length > maxCertificates) throw new DerError(`certs: more than ${maxCertificates} certificates`)
  return children
}

function readResponseData(element: Der) {
  const fields = new Fields(element, 'ResponseData')
  const version = fields.optional(tag.context(0))
  if (version !== undefined && smallNumberOf(explicitValue(version)) !== 0)
    throw new DerError('ResponseData: unknown version')
  const responderId = readResponderId(fields.any())
  const producedAt = generalizedTimeOf(fields.next(tag.generalizedTime))
  const responses = fields.next(tag.sequence).children.map(readSingleResponse)
  const extensions = readOptionalExtensions(fields.optional(tag.context(1)))
  fields.end()
  return { responderId, producedAt, responses, extensions }
}

function readResponderId(element: Der): ResponderId {
  const value = explicitValue(element)
  if (element.tag === tag.context(1)) return { byName: hexOf(expectTag(value, tag.sequence, 'byName').bytes) }
  if (element.tag === tag.context(2)) return { byKey: hexOf(octetStringOf(value)) }
  throw new DerError('ResponderID: neither byName nor byKey')
}

function readSingleResponse(element: Der): SingleResponse {
  const fields = new Fields(element, 'SingleResponse')
  const certId = readCertId(fields.next(tag.sequence))
  const certStatus = readCertStatus(fields.any())
  const thisUpdate = generalizedTimeOf(fields.next(tag.generalizedTime))
  const nextUpdate = fields.optional(tag.context(0))
  const extensions = readOptionalExtensions(fields.optional(tag.context(1)))
  fields.end()
  return {
    certId,
    certStatus,
    thisUpdate,
    nextUpdate: nextUpdate === undefined ? undefined : generalizedTimeOf(explicitValue(nextUpdate)),
    extensions,
  }
}

function readCertId(element: Der): SingleResponse['certId'] {
  const fields = new Fields(element, 'CertID')
  const hashAlgorithm = readHashAlgorithm(fields.next(tag.sequence))
  const issuerNameHash = hexOf(octetStringOf(fields.any()))
  const issuerKeyHash = hexOf(octetStringOf(fields.any()))
  const serialNumber = integerHexOf(fields.any())
  fields.end()
  return { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
}

/** good `[0]` and unknown `[2]` are implicit NULLs, revoked `[1]` an implicit RevokedInfo. */
function readCertStatus(element: Der): CertStatus {
  if (element.tag === tag.context(1)) return readRevokedInfo(element)
  if (element.contents.length > 0) throw new DerError('CertStatus: NULL with contents')
  if (element.tag === tag.contextPrimitive(0)) return { status: 'good' }
  if (element.tag === tag.contextPrimitive(2)) return { status: 'unknown' }
  throw new DerError('CertStatus: none of the three')
}

function readRevokedInfo(element: Der): CertStatus {
  const fields = new Fields(element, 'RevokedInfo', tag.context(1))
  const revokedAt = generalizedTimeOf(fields.next(tag.generalizedTime))
  const reason = fields.optional(tag.context(0))
  fields.end()
  if (reason === undefined) return { status: 'revoked', revokedAt, reason: undefined }
  const names: Readonly<Record<number, RevocationReason>> = revocationReasons
  // A reason that is not known makes the certificate no less revoked.
  return { status: 'revoked', revokedAt, reason: names[smallNumberOf(explicitValue(reason), tag.enumerated)] }
}

function readOptionalExtensions(element: Der | undefined): Extensions {
  return element === undefined ? noExtensions : readExtensions(explicitValue(element))
}
