/**
 * OCSP responses made on the spot (RFC 6960 4.2.1), legal ones and others: every part can be replaced by what no honest
 * responder would send.
 */
import { createHash } from 'node:crypto'
import {
  type Authority,
  type CertificateOptions,
  der,
  fixedNow,
  type IssuedCertificate,
  keyIdentifier,
  publicKeyBits,
  type SignatureKind,
  signer,
} from './pki.ts'

export type HashName = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'

export interface CertIdOptions {
  /** Default SHA-1, with NULL parameters. */
  hashAlgorithm?: HashName
  hashParameters?: 'null' | 'absent'
  issuerNameHash?: Uint8Array
  issuerKeyHash?: Uint8Array
  /** Contents octets in hex, written as they are. */
  serialNumber?: string
}

export interface ExtensionOptions {
  oid: string
  critical?: boolean
  value?: Uint8Array
}

export interface SingleResponseOptions {
  /** Default `good`. */
  status?: 'good' | 'revoked' | 'unknown'
  /** Default: an hour before `thisUpdate`. */
  revokedAt?: Date
  /** CRLReason; default none. */
  reason?: keyof typeof crlReasons | number
  /** Default: an hour before `fixedNow`. */
  thisUpdate?: Date
  /** Default: 23 hours after `fixedNow`. `undefined`, said explicitly, leaves it out. */
  nextUpdate?: Date | undefined
  certId?: CertIdOptions
  singleExtensions?: ExtensionOptions[]
  /** Instead of `thisUpdate`: a whole element. */
  thisUpdateDer?: Uint8Array
}

export interface OcspResponseOptions extends SingleResponseOptions {
  /** The CA that issued the certificate: the CertID's issuer, and the signer unless there is a `responder`. */
  authority: Authority
  certificate: { readonly serialNumber: string }
  /** Other single responses before this one: each is about the same certificate unless its `certId` says otherwise. */
  before?: SingleResponseOptions[]
  after?: SingleResponseOptions[]
  /** No single response at all. */
  empty?: boolean
  /** Whose key signs: a delegate, or anyone. */
  responder?: IssuedCertificate
  /** Default `byName`. Or the whole element. */
  responderId?: 'byName' | 'byKey' | Uint8Array
  /** Default: the `responder`, when there is one. */
  embedded?: readonly { readonly der: Uint8Array }[]
  /** Default: `thisUpdate`. */
  producedAt?: Date
  signature?: SignatureKind
  /** Repeated in responseExtensions. */
  nonce?: Uint8Array
  responseExtensions?: ExtensionOptions[]
  version?: number
  /** OCSPResponseStatus; default 0, successful. The bytes stay. */
  responseStatus?: number
  responseType?: string
}

const hourMs = 3_600_000

/** An OCSPResponse. Without options: `good`, signed by the authority, which embeds nothing. */
export function ocspResponse(options: OcspResponseOptions): Buffer {
  const basic = basicOcspResponse(options)
  const responseType = der.oid(options.responseType ?? '1.3.6.1.5.5.7.48.1.1')
  return der.sequence(
    der.enumerated(options.responseStatus ?? 0),
    der.explicit(0, der.sequence(responseType, der.octetString(basic))),
  )
}

/** An error as RFC 6960 4.2.1 has it: a status, and nothing else. */
export function ocspError(status: keyof typeof responseStatuses): Buffer {
  return der.sequence(der.enumerated(responseStatuses[status]))
}

export const responseStatuses = { malformedRequest: 1, internalError: 2, tryLater: 3, sigRequired: 5, unauthorized: 6 }

/** What a CA issues to a responder: id-kp-OCSPSigning and id-pkix-ocsp-nocheck, for a year. */
export function issueDelegate(authority: Authority, options: CertificateOptions = {}): IssuedCertificate {
  const defaults = { commonName: 'Example OCSP Responder', extendedKeyUsage: [ocspSigning], ocspNoCheck: true }
  return authority.issue({ ...defaults, ...options })
}

export const ocspSigning = '1.3.6.1.5.5.7.3.9'

/** The BasicOCSPResponse inside. */
export function basicOcspResponse(options: OcspResponseOptions): Buffer {
  const signing = options.responder ?? options.authority.certificate
  const { algorithm, sign } = signer(signing.keyPair.privateKey, options.signature)
  const tbs = responseData(options, signing)
  const embedded = options.embedded ?? (options.responder ? [options.responder] : [])
  return der.sequence(
    tbs,
    algorithm,
    der.bitString(sign(tbs)),
    ...(embedded.length > 0 ? [der.explicit(0, der.sequence(...embedded.map((certificate) => certificate.der)))] : []),
  )
}

function responseData(options: OcspResponseOptions, signing: IssuedCertificate): Buffer {
  const { before = [], after = [], empty = false } = options
  const singles = empty ? [] : [...before, options, ...after]
  const extensions = [
    ...(options.nonce ? [{ oid: '1.3.6.1.5.5.7.48.1.2', value: der.octetString(options.nonce) }] : []),
    ...(options.responseExtensions ?? []),
  ]
  return der.sequence(
    ...(options.version === undefined ? [] : [der.explicit(0, der.smallInteger(options.version))]),
    responderId(options.responderId ?? 'byName', signing),
    der.generalizedTime(options.producedAt ?? options.thisUpdate ?? new Date(fixedNow.getTime() - hourMs)),
    der.sequence(...singles.map((single) => singleResponse(single, options))),
    ...extensionsOf(extensions),
  )
}

function responderId(kind: 'byName' | 'byKey' | Uint8Array, signing: IssuedCertificate): Uint8Array {
  if (kind instanceof Uint8Array) return kind
  if (kind === 'byName') return der.explicit(1, signing.subjectDer)
  return der.explicit(2, der.octetString(keyIdentifier(signing.keyPair.publicKey)))
}

function singleResponse(single: SingleResponseOptions, { authority, certificate }: OcspResponseOptions): Buffer {
  const thisUpdate = single.thisUpdate ?? new Date(fixedNow.getTime() - hourMs)
  const nextUpdate = 'nextUpdate' in single ? single.nextUpdate : new Date(fixedNow.getTime() + 23 * hourMs)
  return der.sequence(
    certId({ serialNumber: certificate.serialNumber, ...single.certId }, authority.certificate),
    certStatus(single, thisUpdate),
    single.thisUpdateDer ?? der.generalizedTime(thisUpdate),
    ...(nextUpdate === undefined ? [] : [der.explicit(0, der.generalizedTime(nextUpdate))]),
    ...extensionsOf(single.singleExtensions ?? []),
  )
}

function certId(options: CertIdOptions & { serialNumber: string }, issuer: IssuedCertificate): Buffer {
  const { hashAlgorithm = 'sha1', hashParameters = 'null', serialNumber } = options
  const digest = (bytes: Uint8Array) => createHash(hashAlgorithm).update(bytes).digest()
  return der.sequence(
    der.sequence(der.oid(hashOids[hashAlgorithm]), ...(hashParameters === 'null' ? [der.null()] : [])),
    der.octetString(options.issuerNameHash ?? digest(issuer.subjectDer)),
    der.octetString(options.issuerKeyHash ?? digest(publicKeyBits(issuer.keyPair.publicKey))),
    der.integer(serialNumber),
  )
}

function certStatus({ status = 'good', reason, revokedAt }: SingleResponseOptions, thisUpdate: Date): Buffer {
  if (status === 'good') return der.implicit(0, Buffer.of())
  if (status === 'unknown') return der.implicit(2, Buffer.of())
  const number = typeof reason === 'string' ? crlReasons[reason] : reason
  return der.explicit(
    1,
    der.generalizedTime(revokedAt ?? new Date(thisUpdate.getTime() - hourMs)),
    ...(number === undefined ? [] : [der.explicit(0, der.enumerated(number))]),
  )
}

/** `[1] EXPLICIT Extensions`, when there are any. */
function extensionsOf(extensions: readonly ExtensionOptions[]): Buffer[] {
  if (extensions.length === 0) return []
  const written = extensions.map(({ oid, critical = false, value = der.null() }) =>
    der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value)),
  )
  return [der.explicit(1, der.sequence(...written))]
}

const hashOids: Record<HashName, string> = {
  md5: '1.2.840.113549.2.5',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}

const crlReasons = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
  aACompromise: 10,
}
