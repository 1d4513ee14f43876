import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { PublicKey, SignatureAlgorithm } from '../domain/signature.ts'
import { certificateFromDer, derFromPem, publicKeyOf } from './certificate.ts'

/** What is no public key that requests can be signed with. */
export class PublicKeyError extends Error {
  override readonly name = 'PublicKeyError'
  readonly cure: string

  constructor(message: string, cure: string) {
    super(message)
    this.cure = cure
  }
}

export type RegisteredKey = Omit<PublicKey, 'id'>

const maxBytes = 65_536
const rsaBits = { min: 2_048, max: 8_192 }
/** Verifying takes a multiplication for each bit of it. */
const maxRsaExponent = 2n ** 32n

/** By the kind of key, the one that is taken where nobody chooses first. */
const algorithmsByKind: Readonly<Record<string, readonly [SignatureAlgorithm, ...SignatureAlgorithm[]]>> = {
  rsa: ['rsa-pss-sha512', 'rsa-v1_5-sha256'],
  'rsa-pss': ['rsa-pss-sha512'],
  ec: ['ecdsa-p256-sha256'],
  ed25519: ['ed25519'],
}

/**
 * The public key in PEM (`PUBLIC KEY`, `RSA PUBLIC KEY` or a `CERTIFICATE`) or the same in DER. A certificate carries a key and
 * nothing else: neither its dates nor its issuer count. Throws a PublicKeyError with its cure on anything else, on RSA below 2048
 * bits, other curves than P-256 and Ed25519, and an `algorithm` that is not of the key.
 */
export function publicKeyFrom(bytes: Uint8Array, algorithm?: SignatureAlgorithm): RegisteredKey {
  if (bytes.length > maxBytes) throw unreadable(`a file of ${bytes.length} bytes`)
  return registeredKey(bytes[0] === 0x30 ? keyInDer(bytes) : keyInPem(Buffer.from(bytes).toString('latin1')), algorithm)
}

/** The same of a SubjectPublicKeyInfo in DER alone. */
export function publicKeyFromSpki(spki: Uint8Array, algorithm: SignatureAlgorithm): RegisteredKey {
  const read = attempt(() => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }))
  if (read === undefined) throw unreadable('no SubjectPublicKeyInfo')
  return registeredKey(read, algorithm)
}

/** The key as one PEM block (RFC 7468 13). */
export function publicKeyPem({ spki }: Pick<PublicKey, 'spki'>): string {
  const lines =
    Buffer.from(spki)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`
}

/** What kind of key it is, for people: `RSA 2048`, `EC P-256`, `Ed25519`. */
export function publicKeyKind(key: Pick<PublicKey, 'spki'>): string {
  const { asymmetricKeyType, asymmetricKeyDetails } = keyObjectOf(key)
  if (asymmetricKeyType === 'ec') return 'EC P-256'
  return asymmetricKeyType === 'ed25519' ? 'Ed25519' : `RSA ${asymmetricKeyDetails?.modulusLength}`
}

/** The key as node:crypto takes it; read once for each object. */
export function keyObjectOf(key: Pick<PublicKey, 'spki'>): KeyObject {
  const known = keyObjects.get(key)
  if (known !== undefined) return known
  const read = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' })
  keyObjects.set(key, read)
  return read
}

const keyObjects = new WeakMap<object, KeyObject>()

function registeredKey(key: KeyObject, chosen: SignatureAlgorithm | undefined): RegisteredKey {
  const algorithms = usableAlgorithms(key)
  const algorithm = chosen ?? algorithms[0]
  if (!algorithms.includes(algorithm))
    throw new PublicKeyError(
      `${algorithm} is no algorithm of this key`,
      `write ${algorithms.join(' or ')}, or take another key`,
    )
  // As OpenSSL writes it: one key has one form.
  const spki = Uint8Array.from(key.export({ format: 'der', type: 'spki' }))
  return { algorithm, spki, sha256: createHash('sha256').update(spki).digest('hex') }
}

function usableAlgorithms(key: KeyObject): readonly [SignatureAlgorithm, ...SignatureAlgorithm[]] {
  const kind = key.asymmetricKeyType ?? ''
  const algorithms = algorithmsByKind[kind]
  if (algorithms === undefined) throw unusable(`a key of the kind ${kind || 'unknown'}`)
  const details = key.asymmetricKeyDetails ?? {}
  if (kind === 'ec' && details.namedCurve !== 'prime256v1')
    throw unusable(`an EC key on ${details.namedCurve ?? 'a curve without a name'}`)
  if (kind.startsWith('rsa')) expectUsableRsa(details)
  return algorithms
}

function expectUsableRsa({
  modulusLength = 0,
  publicExponent = 0n,
  hashAlgorithm,
  mgf1HashAlgorithm,
  saltLength,
}: NonNullable<KeyObject['asymmetricKeyDetails']>): void {
  if (modulusLength < rsaBits.min || modulusLength > rsaBits.max) throw unusable(`an RSA key of ${modulusLength} bits`)
  // With 1 everybody can sign, and an even one has no inverse.
  if (publicExponent < 3n || publicExponent % 2n === 0n || publicExponent > maxRsaExponent)
    throw unusable(`an RSA key with the exponent ${publicExponent}`)
  // RFC 4055 1.2: parameters in the key bind every signature with it.
  const isBound = hashAlgorithm !== undefined || mgf1HashAlgorithm !== undefined
  if (isBound && (hashAlgorithm !== 'sha512' || mgf1HashAlgorithm !== 'sha512' || (saltLength ?? 0) > 64))
    throw unusable(`an RSASSA-PSS key for ${hashAlgorithm} with MGF1 over ${mgf1HashAlgorithm}`)
}

function keyInPem(text: string): KeyObject {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)].map(([, label]) => label ?? '')
  // Also beside a public key.
  if (blocks.some((label) => label.includes('PRIVATE KEY'))) throw leakedKey()
  const [label, ...others] = blocks
  if (others.length > 0) throw unreadable(`${blocks.length} PEM blocks`)
  const read =
    label === 'CERTIFICATE'
      ? attempt(() => publicKeyOf(certificateFromDer(derFromPem(text))))
      : label === 'PUBLIC KEY' || label === 'RSA PUBLIC KEY'
        ? attempt(() => createPublicKey({ key: text, format: 'pem' }))
        : undefined
  if (read === undefined) throw unreadable(label === undefined ? 'no PEM block' : `a ${label} that is none`)
  return read
}

function keyInDer(bytes: Uint8Array): KeyObject {
  const der = Buffer.from(bytes)
  const read =
    attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' })) ??
    attempt(() => publicKeyOf(certificateFromDer(der)))
  if (read !== undefined) return read
  const ofRsa = attempt(() => createPublicKey({ key: der, format: 'der', type: 'pkcs1' }))
  if (ofRsa === undefined) throw unreadable('DER that is no public key and no certificate')
  return ofRsa
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

const unreadable = (what: string): PublicKeyError =>
  new PublicKeyError(
    `not a public key: ${what}`,
    'give one PEM block, PUBLIC KEY as openssl pkey -pubout writes it, or the CERTIFICATE that carries it',
  )

const unusable = (what: string): PublicKeyError =>
  new PublicKeyError(
    `${what} cannot be used`,
    `make one of RSA with ${rsaBits.min} to ${rsaBits.max} bits, EC on P-256, or Ed25519`,
  )

/** Why a private key is refused. */
export const leakedKey = (): PublicKeyError =>
  new PublicKeyError(
    'this is a private key, and whoever has seen the file can sign in its name',
    'treat the key as leaked: make a new pair, attach its public half, delete this file wherever it is, and detach the old key',
  )
