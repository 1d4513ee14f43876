import type { z } from 'zod'
import { type Finding, valueAt } from './document.ts'
import { policyName, policySchema } from './policy_schema.ts'
import { isSection, type Rule, readable, type Section, unless } from './rule.ts'

/** What holds within each policy, and between the policies and their hostnames. */
export const policyRules: readonly Rule[] = [
  {
    says: 'There is at least one policy. A name is up to 63 characters of `a-z`, `0-9`, `_` and `-`, a letter or digit first.',
    broken: (file) => {
      const named = valueAt(file, ['policies'])
      if (!isSection(named)) return []
      const names = Object.keys(named)
      if (names.length === 0)
        return [
          {
            path: ['policies'],
            message: 'there are none',
            cure: 'add one for each kind of API: every route names one',
          },
        ]
      const cure = 'use up to 63 of a-z, 0-9, _ and -, a letter or digit first'
      return names
        .filter((name) => !policyName.test(name))
        .map((name) => ({ path: ['policies', name], message: 'this is no name for a policy', cure }))
    },
  },
  ofPolicies(
    '`require` is needed on `mtls` and `tls`.',
    ['require'],
    ({ channel }, written) =>
      (channel === 'mtls' || channel === 'tls') &&
      written['require'] === undefined && {
        message: 'it is missing: expected a list',
        cure: 'name the credentials, or write [] for a public API',
      },
  ),
  {
    says: 'A policy on `try` has `rate` and nothing else, and `rate` stands nowhere else.',
    broken: (file) =>
      policiesOf(file).flatMap(([name, written]) => {
        const { channel } = readable(policySchema, written)
        if (channel === undefined) return []
        const ofApis = {
          message: 'where certificates are tried, there is no API that it could be for',
          cure: 'remove it',
        }
        const ofTrials = { message: 'only where certificates are tried there is a rate', cure: 'remove it' }
        return channel === 'try'
          ? Object.keys(policySchema.shape)
              .filter((key) => written[key] !== undefined && !isOfTrials(key, written[key]))
              .map((key) => ({ path: ['policies', name, key], ...ofApis }))
          : unless(written['rate'] === undefined, ['policies', name, 'rate'], ofTrials)
      }),
  },
  {
    says: '`hostnames.try` and a policy on `try` need each other.',
    broken: (file) => {
      const policies = policiesOf(file).filter(([, policy]) => readable(policySchema, policy).channel === 'try')
      const hostnames = valueAt(file, ['hostnames', 'try'])
      const [first] = policies
      return [
        ...unless(
          first === undefined || hostnames !== undefined || !isSection(valueAt(file, ['hostnames'])),
          ['hostnames', 'try'],
          {
            message: `it is missing: the policy ${first?.[0]} has no hostname`,
            cure: 'name the hostname to try certificates on, or remove the policy',
          },
        ),
        ...unless(
          first !== undefined || hostnames === undefined || policiesOf(file).length === 0,
          ['hostnames', 'try'],
          {
            message: 'no policy is for it, so that every request there is denied',
            cure: 'add a policy with channel: try, and name it in the route of Envoy; or remove the hostname',
          },
        ),
      ]
    },
  },
  ofPolicies(
    '`rate.total` is not below `rate.requests`.',
    ['rate', 'total'],
    ({ rate }) =>
      rate !== undefined &&
      rate.total < rate.requests && {
        message: 'all sources together may ask less often than one',
        cure: 'make it at least as much as rate.requests',
      },
  ),
  ofPolicies(
    'A policy requires `certificate` exactly on `mtls`.',
    ['require'],
    ({ channel, require }) =>
      channel === 'mtls' &&
      require?.includes('certificate') === false && {
        message: 'a policy on mtls does not require the certificate',
        cure: 'add certificate, or serve these APIs on tls',
      },
    ({ channel, require }) =>
      channel === 'tls' &&
      require?.includes('certificate') === true && {
        message: 'there is no client certificate on tls',
        cure: 'remove certificate, or set channel: mtls',
      },
  ),
  ofPolicies(
    'No credential stands twice.',
    ['require'],
    ({ require = [] }) =>
      new Set(require).size < require.length && { message: 'a credential stands here twice', cure: 'name each once' },
  ),
  ofPolicies(
    '`psd2` needs `certificate`, and asks for a QWAC or for roles.',
    ['psd2'],
    ({ require }, { psd2 }) =>
      psd2 !== undefined &&
      require?.includes('certificate') === false && {
        message: 'QWAC and PSD2 roles stand in a certificate, and none is required',
        cure: 'remove psd2, or require the certificate on mtls',
      },
    ({ psd2 }) =>
      psd2?.qwac === 'optional' &&
      psd2.roles.length === 0 && {
        message: 'it asks for nothing',
        cure: 'set qwac: required, or name roles',
      },
  ),
  ofPolicies(
    '`product` needs a credential.',
    ['product'],
    ({ product, require }) =>
      product !== undefined &&
      require?.length === 0 && {
        message: 'a public API has no DevApp that could have selected a product',
        cure: 'remove product, or require credentials',
      },
  ),
  ofPolicies(
    '`keep_authorization` needs `basic`.',
    ['keep_authorization'],
    ({ keep_authorization, require }) =>
      keep_authorization === true &&
      require?.includes('basic') === false && {
        message: 'Authorization passes untouched where Basic is not required',
        cure: 'remove it',
      },
  ),
]

/** What a policy for trying certificates may say: that it requires nothing is no contradiction. */
const isOfTrials = (key: string, value: unknown): boolean =>
  key === 'channel' || key === 'rate' || (key === 'require' && Array.isArray(value) && value.length === 0)

type Broken = { readonly message: string; readonly cure: string } | false
type ReadablePolicy = Partial<z.output<typeof policySchema>>

/** A rule about each policy by itself, its findings at `at` within the policy. */
function ofPolicies(
  says: string,
  at: readonly string[],
  ...checks: ((policy: ReadablePolicy, written: Readonly<Record<string, unknown>>) => Broken)[]
): Rule {
  const broken = (file: unknown): readonly Finding[] =>
    policiesOf(file).flatMap(([name, written]) =>
      checks.flatMap((check) => {
        const broken = check(readable(policySchema, written), written)
        return broken === false ? [] : [{ path: ['policies', name, ...at], ...broken }]
      }),
    )
  return { says, broken }
}

/** The policies that are sections, by name. */
export function policiesOf(file: unknown): [string, Section][] {
  const named = valueAt(file, ['policies'])
  return isSection(named)
    ? Object.entries(named).filter((entry): entry is [string, Section] => isSection(entry[1]))
    : []
}
