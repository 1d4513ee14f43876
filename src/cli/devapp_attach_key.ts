import { type PublicKey, type SignatureAlgorithm, signatureAlgorithms } from '../domain/signature.ts'
import { publicKeyInFile } from '../intake/public_key_file.ts'
import { PublicKeyError, publicKeyKind, type RegisteredKey } from '../pki/public_key.ts'
import { devAppRules } from '../registry/devapp_rules.ts'
import { maxPublicKeys } from '../registry/public_key_schema.ts'
import { bytesOfFile } from './certificate_file.ts'
import { answerOf, changeOptions, changeUsage, existing, makeChange, written } from './devapp_change.ts'
import { devAppCommand } from './devapp_command.ts'
import { UsageError } from './service_command.ts'

const usage = `Attaches a public key to a DevApp: requests signed with its private half pass from the next one on, beside those signed with the
keys that are attached already. To rotate without a gap: attach the new key, let the third party sign with it, detach the old one.

Usage: devapp-authz devapp attach-key ID PUBLIC.pem --id KEYID --config FILE [--algorithm NAME] [--by NAME] [--json]

  PUBLIC.pem      the public key in PEM or DER, or a certificate that carries it, of which nothing else counts: RSA with 2048 to 8192
                  bits, EC on P-256, or Ed25519. A private key is refused, and has to be treated as leaked
  --id KEYID      the name of the key: what a signature by RFC 9421 says as keyid
  --algorithm NAME
                  what the key signs by, of ${signatureAlgorithms.join(', ')}
                  (default: the one of its kind; for RSA rsa-pss-sha512. The profile concatenated takes rsa-v1_5-sha256)
${changeUsage}
Exit code: 0 attached, also where it was before; 1 refused, nothing was changed; 2 wrong usage.
`

const options = { ...changeOptions, id: { type: 'string' }, algorithm: { type: 'string' } } as const

/** `devapp-authz devapp attach-key`. */
export const devAppAttachKey = devAppCommand(
  { name: 'devapp attach-key', usage, options, operands: ['ID', 'PUBLIC.pem'] },
  async (called) => {
    const { values, operands } = called
    const [id, file = ''] = operands
    if (values.id === undefined) throw new UsageError('--id KEYID is missing')
    const keyId = written('--id', values.id, devAppRules.publicKeyId)
    const key: PublicKey = { id: keyId, ...keyIn(file, algorithmIn(values.algorithm)) }
    const changed = await makeChange(called, {
      ...{ id, action: 'attach_key', detail: { key: keyId, algorithm: key.algorithm, sha256: key.sha256 } },
      edit: existing(id, (current) => {
        if (current.publicKeys.some((each) => isSame(each, key))) return current
        expectFits(key, current.publicKeys, id)
        return { ...current, publicKeys: [...current.publicKeys, key] }
      }),
    })
    const named = `${keyId} (${publicKeyKind(key)}, ${key.algorithm})`
    const text = changed.changed
      ? `attached ${named} to ${id}: requests signed with it pass from the next one on\n`
      : `${named} was attached to ${id} already\n`
    return answerOf(called, changed, { text: `${text}sha256 ${key.sha256}\n` })
  },
)

function keyIn(file: string, algorithm: SignatureAlgorithm | undefined): RegisteredKey {
  try {
    return publicKeyInFile(bytesOfFile(file), algorithm)
  } catch (error) {
    throw error instanceof PublicKeyError ? new Error(`${file}: ${error.message}; ${error.cure}`) : error
  }
}

function algorithmIn(value: string | undefined): SignatureAlgorithm | undefined {
  const algorithm = signatureAlgorithms.find((each) => each === value)
  if (value !== undefined && algorithm === undefined)
    throw new UsageError(`--algorithm: one of ${signatureAlgorithms.join(', ')}, not ${value.slice(0, 64)}`)
  return algorithm
}

const isSame = (a: PublicKey, b: PublicKey): boolean =>
  a.id === b.id && a.algorithm === b.algorithm && a.sha256 === b.sha256

function expectFits(key: PublicKey, others: readonly PublicKey[], id: string): void {
  if (others.some((each) => each.id === key.id))
    throw new Error(`${id} has another key ${key.id}; give this one an id of its own, or detach that one first`)
  const twin = others.find(({ sha256 }) => sha256 === key.sha256)
  if (twin !== undefined)
    throw new Error(
      `${id} has this key already as ${twin.id}, for ${twin.algorithm}; detach that one first, or leave it`,
    )
  if (others.length >= maxPublicKeys)
    throw new Error(`${id} has ${others.length} keys, as many as it may; detach those that are no longer used`)
}
