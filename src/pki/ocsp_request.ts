import { createHash } from 'node:crypto'
import { Constructed, Integer, Null, ObjectIdentifier, OctetString, Sequence } from 'asn1js'
import type { Certificate } from '../domain/certificate.ts'
import { type HashAlgorithm, hashOids } from './algorithm.ts'
import { readX509 } from './x509.ts'

/** The certificate that is asked about, with the CA that issued it. */
export interface OcspSubject {
  readonly certificate: Certificate
  readonly issuer: Certificate
}

/** RFC 6960 4.1.1; every octet string in lower-case hex. */
export interface CertId {
  readonly hashAlgorithm: HashAlgorithm
  /** Over the issuer's subject in DER. */
  readonly issuerNameHash: string
  /** Over the octets of the issuer's public key, without tag, length and unused bits. */
  readonly issuerKeyHash: string
  /** Contents octets of the INTEGER. */
  readonly serialNumber: string
}

/** id-pkix-ocsp-nonce (RFC 9654 2). */
export const nonceOid = '1.3.6.1.5.5.7.48.1.2'

/** Octets of a nonce that is sent (RFC 9654 2.1). */
export const nonceLength = 32

/** The CertID of a subject. SHA-1 is what responders of pre-produced answers expect (RFC 5019 2.1.1), and no signature rests on it. */
export function certIdOf({ certificate, issuer }: OcspSubject, hashAlgorithm: HashAlgorithm = 'sha1'): CertId {
  return {
    hashAlgorithm,
    ...issuerHashes(certificate.issuerDer, issuer, hashAlgorithm),
    serialNumber: certificate.serialNumber,
  }
}

type IssuerHashes = Pick<CertId, 'issuerNameHash' | 'issuerKeyHash'>

/** The same for all certificates of an issuer that write its name alike, of which there may be a hundred thousand. */
const knownHashes = new WeakMap<Certificate, Map<string, IssuerHashes>>()

/** RFC 6960 4.1.1: of the issuer's name as the certificate writes it, which may differ from how the issuer does. */
function issuerHashes(issuerDer: string, issuer: Certificate, hashAlgorithm: HashAlgorithm): IssuerHashes {
  const known = knownHashes.get(issuer) ?? new Map<string, IssuerHashes>()
  knownHashes.set(issuer, known)
  const key = `${hashAlgorithm}/${issuerDer}`
  const digest = (bytes: Uint8Array): string => createHash(hashAlgorithm).update(bytes).digest('hex')
  const hashes = known.get(key) ?? {
    issuerNameHash: digest(Buffer.from(issuerDer, 'hex')),
    issuerKeyHash: digest(readX509(issuer.der).publicKeyBits),
  }
  known.set(key, hashes)
  return hashes
}

/**
 * An unsigned OCSPRequest in DER for one certificate (RFC 6960 4.1.1). A nonce goes into requestExtensions, where it covers
 * the whole request; throws RangeError when it does not have 32 octets.
 */
export function ocspRequest(
  subject: OcspSubject,
  options: { readonly nonce?: Uint8Array | undefined } = {},
): Uint8Array {
  const certId = certIdOf(subject)
  const request = new Sequence({
    value: [
      new Sequence({ value: [new ObjectIdentifier({ value: hashOids[certId.hashAlgorithm] }), new Null()] }),
      new OctetString({ valueHex: Buffer.from(certId.issuerNameHash, 'hex') }),
      new OctetString({ valueHex: Buffer.from(certId.issuerKeyHash, 'hex') }),
      new Integer({ valueHex: Buffer.from(certId.serialNumber, 'hex') }),
    ],
  })
  const requestList = new Sequence({ value: [new Sequence({ value: [request] })] })
  const tbsRequest = new Sequence({ value: [requestList, ...requestExtensions(options.nonce)] })
  return new Uint8Array(new Sequence({ value: [tbsRequest] }).toBER())
}

/** `[2] EXPLICIT Extensions`, when there is a nonce. */
function requestExtensions(nonce: Uint8Array | undefined): Constructed[] {
  if (nonce === undefined) return []
  if (nonce.length !== nonceLength) throw new RangeError(`a nonce has ${nonceLength} octets`)
  const value = new OctetString({ valueHex: nonce }).toBER()
  const extension = new Sequence({
    value: [new ObjectIdentifier({ value: nonceOid }), new OctetString({ valueHex: value })],
  })
  return [new Constructed({ idBlock: { tagClass: 3, tagNumber: 2 }, value: [new Sequence({ value: [extension] })] })]
}
