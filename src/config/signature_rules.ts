import { signatureProfiles } from '../domain/signature.ts'
import type { Finding } from './document.ts'
import { valueAt } from './document.ts'
import { isSection, items, type Rule, readable, type Section, unless } from './rule.ts'
import { signatureSchema } from './signature_schema.ts'

const keysOfProfile = {
  'message-signatures': ['headers', 'components', 'max_age', 'skew', 'nonce'],
  concatenated: ['remember'],
} as const

/** What holds within `signature` of each policy. */
export const signatureRules: readonly Rule[] = [
  {
    says: '`signature` and `require` with `signature` need each other, and a signature comes with `certificate` or `basic`, which say whose it is.',
    broken: (file) =>
      policies(file).flatMap(([name, policy]) => {
        const require = items(policy['require'])
        const isRequired = require.includes('signature')
        return [
          ...unless(!isRequired || policy['signature'] !== undefined, ['policies', name, 'signature'], {
            message: 'it is missing: nothing says how requests are signed',
            cure: 'add signature: { profile: message-signatures }',
          }),
          ...unless(isRequired || policy['signature'] === undefined, ['policies', name, 'signature'], {
            message: 'the policy requires no signature',
            cure: 'add signature to require, or remove it',
          }),
          ...unless(!isRequired || require.length > 1, ['policies', name, 'require'], {
            message: 'a signature alone does not say whose it is',
            cure: 'add basic, or certificate on mtls',
          }),
        ]
      }),
  },
  {
    says: 'A key of `signature` stands where its profile has it.',
    broken: (file) =>
      signatures(file).flatMap(([path, signature]) => {
        const { profile } = readable(signatureSchema, signature)
        return signatureProfiles
          .filter((each) => profile !== undefined && each !== profile)
          .flatMap((other) => keysOfProfile[other].filter((key) => signature[key] !== undefined))
          .map(
            (key): Finding => ({
              path: [...path, key],
              message: `the profile ${profile} does not have it`,
              cure: 'remove it',
            }),
          )
      }),
  },
  {
    says: '`signature.components` are among `signature.headers`, and those are headers that nobody between signer and service changes.',
    broken: (file) =>
      signatures(file).flatMap(([path, signature]) => {
        const { headers = [], components = [] } = readable(signatureSchema, signature)
        return [
          ...headers.flatMap((name, index) =>
            unless(!isChanged(name), [...path, 'headers', index], {
              message: `{written} is read or changed by the gateway itself`,
              cure: 'remove it: @authority stands for host, and content-digest is always taken',
            }),
          ),
          ...components.flatMap((name, index) =>
            unless(headers.includes(name), [...path, 'components', index], {
              message: '{written} is none of headers',
              cure: 'add it to headers',
            }),
          ),
        ]
      }),
  },
]

const changed = new Set([
  ...[
    'host',
    'connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'keep-alive',
    'proxy-connection',
    'forwarded',
  ],
  ...['signature', 'signature-input', 'content-digest', 'x-signature', 'x-request-id', 'x-devapp-id'],
])

const isChanged = (name: string): boolean => changed.has(name) || /^x-(forwarded|envoy|client-cert|tpp)-/.test(name)

function policies(file: unknown): readonly [string, Section][] {
  const named = valueAt(file, ['policies'])
  return isSection(named)
    ? Object.entries(named).filter((entry): entry is [string, Section] => isSection(entry[1]))
    : []
}

function signatures(file: unknown): readonly (readonly [path: readonly string[], signature: Section])[] {
  return policies(file).flatMap(([name, { signature }]) =>
    isSection(signature) ? [[['policies', name, 'signature'], signature] as const] : [],
  )
}
