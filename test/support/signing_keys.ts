import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { PublicKey, SignatureAlgorithm } from '../../src/domain/signature.ts'
import { publicKeyFrom } from '../../src/pki/public_key.ts'
import { type Signed, type Signing, signedMessage, type UnsignedRequest } from '../../src/signing/sign.ts'

/** A pair of keys to sign with, its public half as a DevApp has it. */
export interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: PublicKey
  /** Of the public half. */
  readonly pem: string
}

const pairs: Readonly<Record<SignatureAlgorithm, () => { publicKey: KeyObject; privateKey: KeyObject }>> = {
  'rsa-pss-sha512': () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  'rsa-v1_5-sha256': () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  'ecdsa-p256-sha256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed25519: () => generateKeyPairSync('ed25519'),
}

export function signingKey(algorithm: SignatureAlgorithm, id = algorithm as string): SigningKey {
  const { publicKey, privateKey } = pairs[algorithm]()
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  return { privateKey, pem, publicKey: { id, ...publicKeyFrom(Buffer.from(pem), algorithm) } }
}

let nonces = 0

/** Signs with a nonce of its own, unless the changes say otherwise. */
export function signWith(
  { privateKey, publicKey: { id, algorithm } }: SigningKey,
  request: UnsignedRequest,
  changes: Partial<Signing> & Pick<Signing, 'created'>,
): Signed {
  nonces++
  const nonce = `nonce-${process.pid}-${nonces}`
  return signedMessage(request, { key: privateKey, algorithm, keyId: id, expires: undefined, nonce, ...changes })
}
