import { constants, type KeyObject, verify } from 'node:crypto'
import { type HashAlgorithm, isNullOrAbsent, readAlgorithm, readHashAlgorithm } from './algorithm.ts'
import { type Der, DerError, explicitValue, Fields, tag } from './der.ts'
import { smallNumberOf } from './der_values.ts'

export interface SignedBytes {
  /** An AlgorithmIdentifier (RFC 5280 4.1.1.2). */
  readonly algorithm: Der
  readonly signature: Uint8Array
  readonly signed: Uint8Array
  readonly key: KeyObject
}

/**
 * `valid_sha1` is a signature that holds and rests on SHA-1: the caller decides, since collisions are affordable.
 * `unsupported_algorithm` says nothing about the signature.
 */
export type SignatureVerdict = 'valid' | 'valid_sha1' | 'invalid' | 'unsupported_algorithm'

/** What an AlgorithmIdentifier asks for, in the terms of node:crypto. */
interface Scheme {
  readonly keyTypes: readonly string[]
  readonly hash: HashAlgorithm | null
  readonly padding?: number
  readonly saltLength?: number
}

/**
 * Verifies a signature over `signed`: RSA PKCS #1 v1.5 and PSS (RFC 4055), ECDSA on P-256, P-384 and P-521 (RFC 5758), Ed25519
 * and Ed448 (RFC 8410). A key of another type than the algorithm's makes the signature `invalid`. Never throws.
 */
export function verifySignature({ algorithm, signature, signed, key }: SignedBytes): SignatureVerdict {
  const scheme = schemeOf(algorithm)
  if (scheme === undefined) return 'unsupported_algorithm'
  if (!scheme.keyTypes.includes(key.asymmetricKeyType ?? '')) return 'invalid'
  if (key.asymmetricKeyType === 'ec' && !curves.has(key.asymmetricKeyDetails?.namedCurve))
    return 'unsupported_algorithm'
  if (!holds(scheme, signed, key, signature)) return 'invalid'
  return scheme.hash === 'sha1' ? 'valid_sha1' : 'valid'
}

const curves: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

function holds(
  { hash, padding, saltLength }: Scheme,
  signed: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  const options = {
    key,
    ...(padding === undefined ? {} : { padding }),
    ...(saltLength === undefined ? {} : { saltLength }),
  }
  try {
    return verify(hash, signed, options, signature)
  } catch {
    return false // OpenSSL reports some misfits, as a digest too large for the key, as errors
  }
}

function schemeOf(algorithm: Der): Scheme | undefined {
  try {
    const { oid, parameters } = readAlgorithm(algorithm)
    if (oid === rsassaPss) return pssScheme(parameters)
    const pkcs1 = pkcs1Hashes[oid]
    // RFC 4055 5: the parameters are NULL; writers that leave them out are accepted.
    if (pkcs1 !== undefined) return isNullOrAbsent(parameters) ? pkcs1Scheme(pkcs1) : undefined
    const other = parameterless[oid]
    return parameters === undefined ? other : undefined
  } catch (cause) {
    if (cause instanceof DerError) return undefined
    throw cause
  }
}

const pkcs1Scheme = (hash: HashAlgorithm): Scheme => ({ keyTypes: ['rsa'], hash, padding: constants.RSA_PKCS1_PADDING })

const pkcs1Hashes: Readonly<Record<string, HashAlgorithm>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
}

const parameterless: Readonly<Record<string, Scheme>> = {
  '1.2.840.10045.4.1': { keyTypes: ['ec'], hash: 'sha1' },
  '1.2.840.10045.4.3.2': { keyTypes: ['ec'], hash: 'sha256' },
  '1.2.840.10045.4.3.3': { keyTypes: ['ec'], hash: 'sha384' },
  '1.2.840.10045.4.3.4': { keyTypes: ['ec'], hash: 'sha512' },
  '1.3.101.112': { keyTypes: ['ed25519'], hash: null },
  '1.3.101.113': { keyTypes: ['ed448'], hash: null },
}

const rsassaPss = '1.2.840.113549.1.1.10'
const mgf1 = '1.2.840.113549.1.1.8'

/**
 * RSASSA-PSS-params (RFC 4055 3.1); an absent field means SHA-1, MGF1 with SHA-1, 20 octets of salt, trailer 1. A mask hash other
 * than the message's is allowed there and not offered by node:crypto.
 */
function pssScheme(parameters: Der | undefined): Scheme | undefined {
  const fields = new Fields(parameters, 'RSASSA-PSS-params')
  const [hashField, maskField, saltField, trailerField] = [0, 1, 2, 3].map((n) => fields.optional(tag.context(n)))
  fields.end()
  const hash = hashField === undefined ? 'sha1' : readHashAlgorithm(explicitValue(hashField))
  const maskHash = maskField === undefined ? 'sha1' : readMaskHash(explicitValue(maskField))
  const saltLength = saltField === undefined ? 20 : smallNumberOf(explicitValue(saltField))
  const trailer = trailerField === undefined ? 1 : smallNumberOf(explicitValue(trailerField))
  if (hash === undefined || hash !== maskHash || trailer !== 1) return undefined
  return { keyTypes: ['rsa', 'rsa-pss'], hash, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
}

function readMaskHash(element: Der): HashAlgorithm | undefined {
  const { oid, parameters } = readAlgorithm(element)
  return oid === mgf1 ? readHashAlgorithm(parameters) : undefined
}
