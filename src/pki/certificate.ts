import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { Certificate } from '../domain/certificate.ts'
import { type Der, DerError, expectTag, Fields, readDer, tag } from './der.ts'
import { hexOf, oidOf } from './der_values.ts'
import { readName, rfc4514Text, textsOf } from './name.ts'
import { isSameName } from './name_match.ts'
import { qcStatementsFromDer } from './qc_statements.ts'
import { type SignatureVerdict, verifySignature } from './signature.ts'
import { readX509 } from './x509.ts'

/** What is no X.509 certificate, or one that cannot be read in one way only. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
}

/** Base64 of 64 KiB, with line ends and armour. */
const maxPemLength = 98_304
const maxChainPemLength = 1_048_576

/** The Certificate in DER (RFC 5280 4.1), which is copied. Throws CertificateError on anything else, and above 64 KiB. */
export function certificateFromDer(der: Uint8Array): Certificate {
  try {
    return readCertificate(Uint8Array.from(der))
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause
    throw new CertificateError(`not a readable X.509 certificate: ${cause.message}`, { cause })
  }
}

/** One CERTIFICATE block (RFC 7468) with nothing but white space around it. Throws CertificateError on anything else. */
export function certificateFromPem(pem: string): Certificate {
  return certificateFromDer(derFromPem(pem))
}

/** The DER in one CERTIFICATE block, unread. Throws CertificateError like `certificateFromPem`. */
export function derFromPem(pem: string): Uint8Array {
  if (pem.length > maxPemLength) throw new CertificateError(`PEM of more than ${maxPemLength} characters`)
  const [, base64] = /^\s*-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----\s*$/.exec(pem) ?? []
  if (base64 === undefined) throw new CertificateError('not one PEM block of a CERTIFICATE')
  return derFromBase64(base64)
}

/**
 * The CERTIFICATE blocks (RFC 7468), in order; text and other blocks between them are passed over, and no block at all is an
 * empty list. Throws CertificateError on a CERTIFICATE block that cannot be read, and above 1 MiB.
 */
export function certificatesFromPem(pem: string): Certificate[] {
  return dersFromPem(pem).map(certificateFromDer)
}

/** The DER in each CERTIFICATE block, unread. Throws CertificateError like `certificatesFromPem`. */
export function dersFromPem(pem: string): Uint8Array[] {
  if (pem.length > maxChainPemLength) throw new CertificateError(`PEM of more than ${maxChainPemLength} characters`)
  const blocks = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)]
  const armours = pem.match(/-----(BEGIN|END) CERTIFICATE-----/g) ?? []
  if (armours.length !== 2 * blocks.length) throw new CertificateError('a PEM block of a CERTIFICATE is not closed')
  return blocks.map(([, base64 = '']) => derFromBase64(base64))
}

function derFromBase64(base64: string): Uint8Array {
  const lines = base64.replaceAll('\n', '')
  const text = /\s/.test(lines) ? lines.replace(/\s+/g, '') : lines
  const der = Buffer.from(text, 'base64')
  // Buffer skips what is not base64, so the way back tells.
  if (der.toString('base64') !== text) throw new CertificateError('a PEM block is not base64')
  return der
}

/** The certificate as one PEM block in lines of 64, line feed at the end (RFC 7468 2). */
export function pemOf(certificate: Certificate): string {
  const lines =
    Buffer.from(certificate.der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** The key in the certificate. Throws CertificateError where OpenSSL does not know such keys. */
export function publicKeyOf(certificate: Certificate): KeyObject {
  const known = publicKeys.get(certificate)
  if (known !== undefined) return known
  try {
    const spki = Buffer.from(readX509(certificate.der).publicKeyInfo)
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    publicKeys.set(certificate, publicKey)
    return publicKey
  } catch (cause) {
    throw new CertificateError('the public key cannot be used', { cause })
  }
}

const publicKeys = new WeakMap<Certificate, KeyObject>()

/**
 * Whether `issuer` issued the certificate, as far as the two tell: the names are equal (RFC 5280 6.1.3 (a)(4)) and the
 * signature holds. A signature that rests on SHA-1 holds: `signatureOn` tells them apart. Never throws.
 */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (!isSameName(certificate.issuerDer, issuer.subjectDer)) return false
  const verdict = signatureOn(certificate, issuer)
  return verdict === 'valid' || verdict === 'valid_sha1'
}

/**
 * Whether the certificate is its own issuer, as roots are. One whose algorithm is not known here counts: who trusts a root trusts it
 * as it is given, and not for its signature (RFC 5280 6.1). Never throws.
 */
export function isSelfSigned(certificate: Certificate): boolean {
  return (
    isSameName(certificate.issuerDer, certificate.subjectDer) && signatureOn(certificate, certificate) !== 'invalid'
  )
}

/** Verifies the certificate's signature with the issuer's key, whatever the names are. Never throws. */
export function signatureOn(certificate: Certificate, issuer: Certificate): SignatureVerdict {
  try {
    const { signed, signatureAlgorithm: algorithm, signature } = readX509(certificate.der)
    return verifySignature({ algorithm, signature, signed, key: publicKeyOf(issuer) })
  } catch (cause) {
    if (cause instanceof DerError) return 'invalid'
    if (cause instanceof CertificateError) return 'unsupported_algorithm'
    throw cause
  }
}

function readCertificate(bytes: Uint8Array): Certificate {
  const { serialNumber, issuer, subject, notBefore, notAfter, extensions } = readX509(bytes)
  const subjectName = readName(subject)
  const [organizationIdentifier, ...others] = textsOf(subjectName, '2.5.4.97', 'organizationIdentifier')
  if (others.length > 0) throw new DerError('several organizationIdentifiers')
  const qcStatements = extensions.get('1.3.6.1.5.5.7.1.3')?.value
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    der: bytes,
    serialNumber,
    commonNames: textsOf(subjectName, '2.5.4.3', 'commonName'),
    subject: rfc4514Text(subjectName),
    issuer: rfc4514Text(readName(issuer)),
    subjectDer: hexOf(subject.bytes),
    issuerDer: hexOf(issuer.bytes),
    notBefore,
    notAfter,
    extendedKeyUsage: purposesIn(extensions.get('2.5.29.37')?.value),
    ocspUrls: ocspUrlsIn(extensions.get('1.3.6.1.5.5.7.1.1')?.value),
    crlUrls: crlUrlsIn(extensions.get('2.5.29.31')?.value),
    organizationIdentifier,
    qcStatements: qcStatements && qcStatementsFromDer(qcStatements, organizationIdentifier),
  }
}

/** RFC 5280 4.2.1.12 */
function purposesIn(extnValue: Uint8Array | undefined): string[] | undefined {
  if (extnValue === undefined) return undefined
  const purposes = expectTag(readDer(extnValue), tag.sequence, 'ExtKeyUsageSyntax').children.map(oidOf)
  if (purposes.length === 0) throw new DerError('ExtKeyUsageSyntax: empty')
  return purposes
}

/** RFC 5280 4.2.2.1: a location by another method than id-ad-ocsp is not a responder. */
function ocspUrlsIn(extnValue: Uint8Array | undefined): string[] {
  if (extnValue === undefined) return []
  return expectTag(readDer(extnValue), tag.sequence, 'AuthorityInfoAccessSyntax').children.flatMap((description) => {
    const fields = new Fields(description, 'AccessDescription')
    const isOcsp = oidOf(fields.any()) === '1.3.6.1.5.5.7.48.1'
    const location = fields.any()
    fields.end()
    return isOcsp ? urisOf(location) : []
  })
}

/** RFC 5280 4.2.1.13: the URIs of each point's fullName. */
function crlUrlsIn(extnValue: Uint8Array | undefined): string[] {
  if (extnValue === undefined) return []
  return expectTag(readDer(extnValue), tag.sequence, 'CRLDistributionPoints').children.flatMap((point) => {
    const name = new Fields(point, 'DistributionPoint').optional(tag.context(0))
    const fullName = name && new Fields(name, 'DistributionPointName', tag.context(0)).optional(tag.context(0))
    return fullName?.children.flatMap(urisOf) ?? []
  })
}

/** The uniformResourceIdentifier of a GeneralName (RFC 5280 4.2.1.6), an IA5String; none for names of other kinds. */
function urisOf(generalName: Der): string[] {
  if (generalName.tag !== tag.contextPrimitive(6)) return []
  const uri = Buffer.from(generalName.contents).toString('latin1')
  if (!/^[\x20-\x7e]+$/.test(uri)) throw new DerError('a URI with characters that no URI has')
  return [uri]
}
