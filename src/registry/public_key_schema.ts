import { z } from 'zod'
import { fail, keys, list, oneOf, read } from '../config/values.ts'
import { type PublicKey, signatureAlgorithms } from '../domain/signature.ts'
import { PublicKeyError, publicKeyFrom } from '../pki/public_key.ts'
import { devAppRules } from './devapp_rules.ts'

/** A signature that names no key is tried with each. */
export const maxPublicKeys = 16

const keyId = read('an id', `${devAppRules.publicKeyId.cure}; put a number in quotes`, { type: 'string' }, (written) =>
  typeof written === 'string' && devAppRules.publicKeyId.pattern.test(written) ? written : undefined,
)

// The value is not repeated: somebody may have written the private key.
const pem = z.string({ error: () => 'expected a public key in PEM' })

export const publicKeyKeys = { id: keyId, algorithm: oneOf(signatureAlgorithms), key: pem }

const publicKeySchema = keys(publicKeyKeys).transform(({ id, algorithm, key }, context): PublicKey => {
  try {
    return { id, ...publicKeyFrom(Buffer.from(key), algorithm) }
  } catch (error) {
    if (!(error instanceof PublicKeyError)) throw error
    fail(context, error.message, error.cure)
    return z.NEVER
  }
})

/** `public_keys` of a DevApp. */
export const publicKeysSchema = list(publicKeySchema)
  .refine((written) => new Set(written.map(({ id }) => id)).size === written.length, {
    error: 'two keys have the same id',
    params: { cure: 'give each its own' },
  })
  .refine((written) => new Set(written.map(({ sha256 }) => sha256)).size === written.length, {
    error: 'the same key stands here twice',
    params: { cure: 'remove one of them' },
  })
  .refine(({ length }) => length <= maxPublicKeys, {
    error: `there are more than ${maxPublicKeys}`,
    params: { cure: 'remove those that are no longer used' },
  })
  .default([])
