import { z } from 'zod'
import { type Finding, findingsOf } from '../config/document.ts'
import { expected, fail, keys, list, oneOf, read, text } from '../config/values.ts'
import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import { type Authorities, ChainError, type ChainReader } from './chain_reader.ts'
import { devAppRules } from './devapp_rules.ts'
import { isSecretHash } from './secrets.ts'

/** What may be written of DevApps, and what it means. */

const identifier = read(
  'an identifier',
  `${devAppRules.id.cure}; put a number in quotes`,
  { type: 'string' },
  (written) => (typeof written === 'string' && devAppRules.id.pattern.test(written) ? written : undefined),
)

// The value is not repeated: the secret may follow the colon.
const clientKey = z.string({ error: () => 'expected a ClientKey, a text' }).transform((key, context) => {
  if (devAppRules.clientKey.pattern.test(key)) return key
  fail(context, 'not a ClientKey', devAppRules.clientKey.cure)
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

const instant = z.string({ error: (issue) => expected('a time', issue.input) }).transform((written, context) => {
  const time = instantOf(written)
  if (time !== undefined) return time
  fail(context, expected('a time', written), 'write it in UTC, such as "2026-12-31T00:00:00Z"')
  return z.NEVER
})

/** A time in UTC (RFC 3339, with a final Z); `undefined` for another text. */
export function instantOf(written: string): Date | undefined {
  const time = new Date(written)
  return !Number.isNaN(time.getTime()) && /^\d{4}-\d\d-\d\dT.*Z$/.test(written) ? time : undefined
}

const pem = z.string({ error: () => 'expected a chain in PEM' })

/** The rows of CAs that certificates name, `undefined` for what is written under a name and none. */
export type NamedChains = ReadonlyMap<string, Authorities | undefined>

const certificateKeys = { chain: pem.optional(), leaf: pem.optional(), issuer: identifier.optional() }

function certificateSchema(reader: ChainReader, chains: NamedChains) {
  return keys(certificateKeys).transform(({ chain, leaf, issuer }, context): RegisteredCertificate => {
    if (chain !== undefined && leaf === undefined && issuer === undefined)
      return chainOr(context, 'chain', () => reader.chainFromPem(chain)) ?? z.NEVER
    if (chain !== undefined || leaf === undefined || issuer === undefined) {
      const [message, cure] = ['a certificate is a chain, or a leaf and its issuer', 'write chain, or leaf and issuer']
      fail(context, message, cure)
      return z.NEVER
    }
    const authorities = chains.get(issuer)
    if (authorities !== undefined)
      return chainOr(context, 'leaf', () => reader.leafFromPem(leaf, authorities)) ?? z.NEVER
    // What is wrong with a chain is said once, where it stands.
    if (!chains.has(issuer))
      problemAt(context, 'issuer', 'chains has no such name', 'add its CAs there, or mend the name')
    return z.NEVER
  })
}

function chainOr<Value>(context: z.RefinementCtx, key: string | undefined, read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ChainError)) throw error
    problemAt(context, key, error.message, error.cure)
    return undefined
  }
}

function problemAt(context: z.RefinementCtx, key: string | undefined, message: string, cure: string): void {
  context.addIssue({ code: 'custom', message, params: { cure }, path: key === undefined ? [] : [key] })
}

const chainName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** `chains` of a file: rows of CAs by name. */
export function chainsSchema(reader: ChainReader) {
  const authorities = pem.transform(
    (written, context) => chainOr(context, undefined, () => reader.authoritiesFromPem(written)) ?? z.NEVER,
  )
  return z
    .record(z.string(), authorities, { error: (issue) => expected('chains by name', issue.input) })
    .refine((written) => Object.keys(written).every((name) => chainName.test(name)), {
      error: 'a name of a chain that is none',
      params: { cure: 'use up to 128 letters, digits, dots, _ and -, a letter or digit first' },
    })
}

/** Each chain by itself: one that is wrong leaves the others their meaning. */
export function namedChains(written: unknown, reader: ChainReader): NamedChains {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return new Map()
  return new Map(
    Object.entries(written).map(([name, chain]): [string, Authorities | undefined] => [
      name,
      chainsSchema(reader).safeParse({ [name]: chain }).data?.[name],
    ]),
  )
}

const labels = z
  .record(z.string(), text, { error: (issue) => expected('labels by name', issue.input) })
  .refine((written) => Object.keys(written).every((name) => devAppRules.labelName.pattern.test(name)), {
    error: 'a name of a label that is none',
    params: { cure: devAppRules.labelName.cure },
  })

const secretSchema = keys({ hash: secretHash, not_after: instant.optional() })

/** One DevApp as it is written. */
export function devAppSchema(reader: ChainReader, chains: NamedChains) {
  return keys({
    id: identifier,
    name: text,
    environment: oneOf(['production', 'staging']).default('production'),
    status: oneOf(['enabled', 'disabled']).default('enabled'),
    client_key: clientKey,
    client_secrets: list(secretSchema).default([]),
    products: list(text).default([]),
    certificates: list(certificateSchema(reader, chains)).default([]),
    labels: labels.default({}),
  })
}

/** A whole file: what `devAppSchema` and `chainsSchema` say, and nothing else. */
export function fileSchema(reader: ChainReader, chains: NamedChains) {
  return keys({ devapps: list(devAppSchema(reader, chains)), chains: chainsSchema(reader).default({}) })
}

/** By the name of the list that a section stands in. */
const keysWithin: Readonly<Record<string, readonly string[]>> = {
  devapps: [
    'id',
    'name',
    'environment',
    'status',
    'client_key',
    'client_secrets',
    'products',
    'certificates',
    'labels',
  ],
  client_secrets: Object.keys(secretSchema.shape),
  certificates: Object.keys(certificateKeys),
}

/** What the schema of a file found, in words. */
export function findingsInFile(error: z.ZodError): Finding[] {
  return findingsOf(error, (path) => keysWithin[String(path.at(-2))] ?? ['devapps', 'chains'])
}

/** What many DevApps have, there once for all of them. */
export class SharedParts {
  readonly #products = new Map<string, ReadonlySet<string>>()
  #last: { readonly written: readonly string[]; readonly products: ReadonlySet<string> } | undefined

  products(written: readonly string[]): ReadonlySet<string> {
    // Neighbours often have the same ones.
    if (this.#last === undefined || !isSameList(this.#last.written, written))
      this.#last = { written: written.map(detached), products: this.#productsOf(written) }
    return this.#last.products
  }

  #productsOf(written: readonly string[]): ReadonlySet<string> {
    const key = written.join('\0')
    const known = this.#products.get(key)
    if (known !== undefined) return known
    const products = new Set(written.map(detached))
    this.#products.set(key, products)
    return products
  }
}

const isSameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each, i) => each === b[i])

/** What the schema makes of a DevApp that is written. */
export type WrittenDevApp = z.output<ReturnType<typeof devAppSchema>>

/** The DevApp of what the schema made of it, in little memory. `own`: what makes a text one of its own. */
export function devAppOf(written: WrittenDevApp, shared: SharedParts, own = detached): DevApp {
  return {
    id: own(written.id),
    name: own(written.name),
    environment: written.environment,
    status: written.status,
    clientKey: own(written.client_key),
    clientSecrets:
      written.client_secrets.length === 0
        ? none
        : written.client_secrets.map(({ hash, not_after }) => ({ hash: own(hash), notAfter: not_after })),
    products: shared.products(written.products),
    // A copy has no room to grow.
    certificates: written.certificates.slice(),
    labels: labelsOf(written.labels),
  }
}

const none: readonly never[] = []
const noLabels: DevApp['labels'] = {}

function labelsOf(written: Readonly<Record<string, string>>): DevApp['labels'] {
  const entries = Object.entries(written)
  return entries.length === 0 ? noLabels : Object.fromEntries(entries.map(([name, text]) => [name, detached(text)]))
}

/** A text of its own: what V8 cuts out of a text, unless it is short, keeps all of that in memory. */
const detached = (text: string): string => (text.length < 13 ? text : Buffer.from(text).toString())
