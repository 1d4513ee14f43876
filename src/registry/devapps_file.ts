import { z } from 'zod'
import { type Finding, findingsOf, readDocument, valueAt } from '../config/document.ts'
import { byLine, DocumentError } from '../config/problem.ts'
import { expected, fail, instant, keys, list, oneOf, read, text } from '../config/values.ts'
import type { Certificate } from '../domain/certificate.ts'
import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import { CertificateError, certificatesFromPem, isSelfSigned, isSignedBy } from '../pki/certificate.ts'
import { isSecretHash } from './secrets.ts'

const identifier = read(
  'an identifier',
  'write up to 128 letters, digits, dots, _ and -, a letter or digit first; put a number in quotes',
  { type: 'string' },
  (written) =>
    typeof written === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(written) ? written : undefined,
)

// RFC 7617 2: a colon ends the user-id. The value is not repeated: the secret may follow the colon.
const clientKey = z.string({ error: () => 'expected a ClientKey, a text' }).transform((key, context) => {
  if (/^[\x21-\x39\x3b-\x7e]{1,256}$/.test(key)) return key
  fail(context, 'not a ClientKey', 'write up to 256 characters of printable ASCII, without colon and space')
  return z.NEVER
})

// The value is not repeated: somebody may have written the secret itself.
const secretHash = z.unknown().transform((hash, context): string => {
  if (typeof hash === 'string' && isSecretHash(hash)) return hash
  fail(
    context,
    'not the hash of a secret',
    'make one with devapp-authz devapp hash-secret; never write the secret itself',
  )
  return z.NEVER
})

const chain = z.string({ error: () => 'expected a chain in PEM' }).transform((pem, context): RegisteredCertificate => {
  try {
    const [leaf, issuer, ...above] = certificatesFromPem(pem)
    if (leaf !== undefined && issuer !== undefined) {
      const certificates = [leaf, issuer, ...above]
      const gap = certificates.findIndex((each, i) => {
        const next = certificates[i + 1]
        return next === undefined ? !isSelfSigned(each) : !isSignedBy(each, next)
      })
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

const labels = z
  .record(z.string(), text, { error: (issue) => expected('labels by name', issue.input) })
  .refine((written) => Object.keys(written).every((name) => /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(name)), {
    error: 'a name of a label that is none',
    params: { cure: 'use up to 63 letters, digits, dots, slashes, _ and -, a letter or digit first' },
  })

const secretSchema = keys({ hash: secretHash, not_after: instant.optional() })
const certificateSchema = keys({ chain })

const devAppSchema = keys({
  id: identifier,
  name: text,
  environment: oneOf(['production', 'staging']).default('production'),
  status: oneOf(['enabled', 'disabled']).default('enabled'),
  client_key: clientKey,
  client_secrets: list(secretSchema).default([]),
  products: list(text).default([]),
  certificates: list(certificateSchema).default([]),
  labels: labels.default({}),
})

const fileSchema = keys({ devapps: list(devAppSchema) })

/** By the name of the list that a section stands in. */
const keysWithin: Readonly<Record<string, readonly string[]>> = {
  devapps: Object.keys(devAppSchema.shape),
  client_secrets: Object.keys(secretSchema.shape),
  certificates: Object.keys(certificateSchema.shape),
}

const knownKeys = (path: readonly PropertyKey[]): readonly string[] => keysWithin[String(path.at(-2))] ?? ['devapps']

/**
 * The DevApps of a registry file. Throws a DocumentError that names every problem: one that does not hold up takes no DevApp
 * over. `name` is what the file is called there.
 */
export function parseDevApps(yaml: string, name: string): readonly DevApp[] {
  const document = readDocument(yaml)
  if (document.problems.length > 0) throw new DocumentError(name, document.problems)
  const parsed = fileSchema.safeParse(document.value)
  const findings = [
    ...(parsed.success ? [] : findingsOf(parsed.error, knownKeys)),
    ...repeatedValues(document.value, 'id'),
    ...repeatedValues(document.value, 'client_key'),
  ]
  if (!parsed.success || findings.length > 0) throw new DocumentError(name, byLine(findings.map(document.located)))
  return parsed.data.devapps.map(devAppOf)
}

function repeatedValues(file: unknown, key: 'id' | 'client_key'): Finding[] {
  const devapps = valueAt(file, ['devapps'])
  const seen = new Set<unknown>()
  return (Array.isArray(devapps) ? devapps : []).flatMap((devapp, index) => {
    const value = valueAt(devapp, [key])
    const repeats = value !== undefined && seen.has(value)
    seen.add(value)
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
    labels: written.labels,
  }
}
