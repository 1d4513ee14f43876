import pg from 'pg'
import { RegistryError } from '../store.ts'

interface Explanation {
  readonly cause: string
  readonly cure: string
}

const migrateFirst = { cause: 'its tables are missing', cure: 'run devapp-authz migrate' }
const down = { cause: 'it is shutting down or starting', cure: 'wait for it' }
const untrusted = {
  cause: 'its certificate is not trusted',
  cure: 'name the CA that issued it in registry.postgres.tls.ca',
}

/** By SQLSTATE (PostgreSQL, appendix A), or by the code of Node.js. */
const explanations: Readonly<Record<string, Explanation>> = {
  '28P01': { cause: 'it refused the password', cure: 'mend the user or the password' },
  '3D000': { cause: 'there is no such database', cure: 'create it, or mend the URL' },
  '3F000': migrateFirst,
  '42P01': migrateFirst,
  '42883': migrateFirst,
  '42501': {
    cause: 'the user may not do this',
    cure: 'log in as another, or grant what docs/registry.md lists',
  },
  '25006': { cause: 'it takes no changes', cure: 'name the primary, not a replica' },
  '53300': { cause: 'it has no free connection', cure: 'raise max_connections, or run fewer processes' },
  '55P03': { cause: 'another change took too long', cure: 'try again' },
  '57014': { cause: 'a statement took too long', cure: 'raise registry.postgres.timeout, or look what it waits for' },
  '57P01': down,
  '57P02': down,
  '57P03': down,
  ECONNREFUSED: { cause: 'nobody listens there', cure: 'start it, or mend the URL' },
  ENOENT: { cause: 'there is no such socket', cure: 'start it, or mend the URL' },
  EACCES: { cause: 'its socket may not be opened', cure: 'permit the user who runs this' },
  ENOTFOUND: { cause: 'there is no such host', cure: 'mend the URL' },
  EAI_AGAIN: { cause: 'its name could not be looked up', cure: 'look after the DNS' },
  ECONNRESET: { cause: 'the connection broke', cure: 'look at its log' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    cause: 'its certificate is for another name',
    cure: 'mend the URL, or name that one in registry.postgres.tls.server_name',
  },
  CERT_HAS_EXPIRED: { cause: 'its certificate has expired', cure: 'renew it' },
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
}

/** What `pg` says without a code. */
const explanationsByMessage: readonly (readonly [said: RegExp, Explanation])[] = [
  [
    /^timeout expired/,
    { cause: 'it did not answer in time', cure: 'look after it, or raise registry.postgres.connect_timeout' },
  ],
  [/timeout/i, { cause: 'it stopped answering', cure: 'look after it and the network' }],
  [/does not support SSL/, { cause: 'it speaks no TLS', cure: 'switch its ssl on' }],
  [/Connection terminated|not queryable/, { cause: 'the connection broke', cure: 'look at its log' }],
]

const keyAttachedTwice = { cause: 'a key or its id is attached to the DevApp twice', cure: 'attach it once' }

const attachedTwice = { cause: 'a certificate is attached to the DevApp twice', cure: 'attach it once' }

/**
 * What PostgreSQL, the network or `pg` said, as a RegistryError that names cause and cure, and never a password. What is no
 * error of theirs stays as it is.
 */
export function asRegistryError(error: unknown, name: string): Error {
  if (!(error instanceof Error) || error instanceof RegistryError) return error as Error
  const { code = '', syscall, path } = error as NodeJS.ErrnoException
  // Of what reads a file, only the password is left to a connection.
  if (syscall === 'open' || syscall === 'read')
    return new RegistryError(`the password file ${path} cannot be read: ${code}; mend registry.postgres.password_file`)
  const explanation = ofDatabase(error) ?? explanations[code] ?? byMessage(error)
  return explanation === undefined ? error : new RegistryError(`${name}: ${explanation.cause}; ${explanation.cure}`)
}

function ofDatabase(error: Error): Explanation | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined
  const { code = '', constraint = '', table, message, hint } = error
  if (constraint === 'certificates_devapp_sha256_key') return attachedTwice
  if (/^public_keys_devapp_(id|spki)_key$/.test(constraint)) return keyAttachedTwice
  if (code === '23514') return { cause: `it refused a value of ${table}, by ${constraint}`, cure: 'mend the value' }
  // Its words say which user, host and kind of connection it has no place for.
  if (code === '28000') return { cause: message, cure: 'mend the user, or its pg_hba.conf' }
  return explanations[code] ?? { cause: message, cure: hint ?? 'look at its log' }
}

function byMessage({ message }: Error): Explanation | undefined {
  return explanationsByMessage.find(([said]) => said.test(message))?.[1]
}
