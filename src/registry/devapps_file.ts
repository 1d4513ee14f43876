import { z } from 'zod'
import { type Finding, findingsOf, readDocument } from '../config/document.ts'
import { DocumentError } from '../config/problem.ts'
import { expected, fail, keys, list, oneOf, text } from '../config/values.ts'
import type { Certificate } from '../domain/certificate.ts'
import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import { CertificateError, certificatesFromPem, isSignedBy } from '../pki/certificate.ts'
import { isSecretHash } from './secrets.ts'

const identifier = text.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, { error: 'not an identifier' })

/** RFC 7617 2: a colon ends the user-id. */
const clientKey = text.regex(/^[\x21-\x39\x3b-\x7e]{1,256}$/, {
  error: 'not a ClientKey: printable ASCII without colon and space',
})

// The value is not repeated: somebody may have written the secret itself.
const secretHash = z.string({ error: () => 'expected a hash' }).transform((hash, context) => {
  if (isSecretHash(hash)) return hash
  fail(
    context,
    'not the hash of a secret',
    'make one with devapp-authz devapp hash-secret; never write the secret itself',
  )
  return z.NEVER
})

const instant = z.string({ error: (issue) => expected('a time', issue.input) }).transform((written, context) => {
  const time = new Date(written)
  if (!Number.isNaN(time.getTime()) && /^\d{4}-\d\d-\d\dT.*Z$/.test(written)) return time
  fail(context, expected('a time', written), 'write it in UTC, such as "2026-12-31T00:00:00Z"')
  return z.NEVER
})

const chain = z.string({ error: () => 'expected a chain in PEM' }).transform((pem, context): RegisteredCertificate => {
  try {
    const [leaf, issuer, ...above] = certificatesFromPem(pem)
    if (leaf !== undefined && issuer !== undefined) {
      const certificates = [leaf, issuer, ...above]
      const gap = certificates.findIndex((each, i) => !isSignedBy(each, certificates[i + 1] ?? each))
      if (gap < 0) return { leaf, chain: [issuer, ...above] }
      fail(
        context,
        brokenAt(certificates, gap),
        'write the leaf first, then each issuer, and the self-signed root last',
      )
    } else {
      fail(context, 'a chain has at least a leaf and its issuer', 'add the certificates up to the root')
    }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    fail(context, error.message, 'write the chain as PEM blocks, the leaf first')
  }
  return z.NEVER
})

function brokenAt(certificates: readonly Certificate[], gap: number): string {
  const [subject, next] = [certificates[gap]?.subject, certificates[gap + 1]?.subject]
  return next === undefined
    ? `${subject} is no root, and nothing follows it`
    : `${subject} was not issued by ${next}, which follows it`
}

const devAppSchema = keys({
  id: identifier,
  name: text,
  environment: oneOf(['production', 'staging']).default('production'),
  status: oneOf(['enabled', 'disabled']).default('enabled'),
  client_key: clientKey,
  client_secrets: list(keys({ hash: secretHash, not_after: instant.optional() })).default([]),
  products: list(text).default([]),
  certificates: list(keys({ chain })).default([]),
})

const fileSchema = keys({ devapps: list(devAppSchema) })

const knownKeys = ['devapps', ...Object.keys(devAppSchema.shape), 'hash', 'not_after', 'chain']

/**
 * The DevApps of a registry file. Throws a DocumentError that names every problem: one that does not hold up takes no DevApp
 * over. `name` is what the file is called there.
 */
export function parseDevApps(yaml: string, name: string): readonly DevApp[] {
  const document = readDocument(yaml)
  const parsed = document.problems.length > 0 ? undefined : fileSchema.safeParse(document.value)
  if (parsed === undefined) throw new DocumentError(name, document.problems)
  if (!parsed.success) throw new DocumentError(name, findingsOf(parsed.error, knownKeys).map(document.located))
  const { devapps } = parsed.data
  const repeated = [...repeatedValues(devapps, 'id'), ...repeatedValues(devapps, 'client_key')]
  if (repeated.length > 0) throw new DocumentError(name, repeated.map(document.located))
  return devapps.map(devAppOf)
}

function repeatedValues(devapps: readonly z.output<typeof devAppSchema>[], key: 'id' | 'client_key'): Finding[] {
  const seen = new Set<string>()
  return devapps.flatMap((devapp, index) => {
    const repeats = seen.has(devapp[key])
    seen.add(devapp[key])
    const message = 'another DevApp has it already'
    return repeats ? [{ path: ['devapps', index, key], message, cure: 'give each DevApp its own' }] : []
  })
}

function devAppOf(written: z.output<typeof devAppSchema>): DevApp {
  return {
    id: written.id,
    name: written.name,
    environment: written.environment,
    status: written.status,
    clientKey: written.client_key,
    clientSecrets: written.client_secrets.map(({ hash, not_after }) => ({ hash, notAfter: not_after })),
    products: new Set(written.products),
    certificates: written.certificates.map(({ chain }) => chain),
  }
}
