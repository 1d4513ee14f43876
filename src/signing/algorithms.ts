import { constants, type KeyObject, sign, verify } from 'node:crypto'
import type { PublicKey, SignatureAlgorithm } from '../domain/signature.ts'
import { keyObjectOf } from '../pki/public_key.ts'

interface Scheme {
  readonly hash: string | null
  readonly options: {
    readonly padding?: number
    readonly saltLength?: number
    readonly dsaEncoding?: 'ieee-p1363'
  }
}

/** RFC 9421 3.3.1, 3.3.2, 3.3.4 and 3.3.6, in the terms of node:crypto. */
const schemes: Readonly<Record<SignatureAlgorithm, Scheme>> = {
  'rsa-pss-sha512': { hash: 'sha512', options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 } },
  'rsa-v1_5-sha256': { hash: 'sha256', options: { padding: constants.RSA_PKCS1_PADDING } },
  // Two numbers of 32 octets each, and not the DER that OpenSSL writes.
  'ecdsa-p256-sha256': { hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  ed25519: { hash: null, options: {} },
}

/** Whether the key made the signature of these bytes, by the key's own algorithm. Never throws. */
export function isSignedWith(key: PublicKey, signed: Uint8Array, signature: Uint8Array): boolean {
  const { hash, options } = schemes[key.algorithm]
  try {
    return verify(hash, signed, { key: keyObjectOf(key), ...options }, signature)
  } catch {
    return false // OpenSSL reports some misfits, as a signature of another length, as errors
  }
}

/** The signature of the bytes. Throws where the private key is none of the algorithm's. */
export function signatureOf(bytes: Uint8Array, key: KeyObject, algorithm: SignatureAlgorithm): Buffer {
  const { hash, options } = schemes[algorithm]
  return sign(hash, bytes, { key, ...options })
}
