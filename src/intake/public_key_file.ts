import type { SignatureAlgorithm } from '../domain/signature.ts'
import { leakedKey, publicKeyFrom, type RegisteredKey } from '../pki/public_key.ts'
import { derKind, textKind } from './file_kind.ts'

/**
 * The public key in a file that a third party handed in, as `publicKeyFrom` reads it. Throws a PublicKeyError; of a private key in any
 * form, also an encrypted one, it says that the key is to be treated as leaked.
 */
export function publicKeyInFile(bytes: Uint8Array, algorithm?: SignatureAlgorithm): RegisteredKey {
  const isPrivate =
    derKind(bytes) === 'private_key' || textKind(Buffer.from(bytes).toString('latin1')) === 'private_key'
  if (isPrivate) throw leakedKey()
  return publicKeyFrom(bytes, algorithm)
}
