import type { z } from 'zod'
import { channels } from '../domain/policy.ts'
import { type Finding, valueAt } from './document.ts'
import { refusedIssuerSchema } from './intake_schema.ts'
import { breakerSchema, issuerSchema, ocspSchema, refreshSchema } from './ocsp_schema.ts'
import { endpointOf, isElsewhere, postgresSchema } from './postgres_schema.ts'
import { redisSchema } from './redis_schema.ts'
import { configSchema, logSchema, policyName, policySchema, psd2Schema } from './schema.ts'
import { hostname } from './values.ts'

/** What holds between parts of a configuration, beside the schema. */
export interface Rule {
  /** For docs/configuration.md. */
  readonly says: string
  /** Looks at the parts that can be read, so that a mistake elsewhere does not hide what it finds. */
  readonly broken: (file: unknown) => readonly Finding[]
}

export const rules: readonly Rule[] = [
  {
    says: 'A hostname stands once: no name is on two channels.',
    broken: (file) => {
      const seen = new Set<string>()
      return channels.flatMap((channel) =>
        items(valueAt(file, ['hostnames', channel])).flatMap((written, index) => {
          const name = hostname.safeParse(written).data
          const repeated = name !== undefined && seen.has(name)
          if (name !== undefined) seen.add(name)
          const cure = 'give each hostname once: the kinds exclude each other'
          return repeated
            ? [{ path: ['hostnames', channel, index], message: '{written} stands here a second time', cure }]
            : []
        }),
      )
    },
  },
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
  {
    says: '`registry` has one of `file` and `postgres`.',
    broken: (file) => {
      const registry = valueAt(file, ['registry'])
      if (!isSection(registry)) return []
      const kinds = ['file', 'postgres'].filter((kind) => valueAt(registry, [kind]) !== undefined)
      return [
        ...unless(kinds.length > 0, ['registry'], {
          message: 'it says not where the DevApps are',
          cure: 'add file or postgres',
        }),
        ...unless(kinds.length < 2, ['registry'], {
          message: `it has ${kinds.join(' and ')}`,
          cure: 'keep one of them',
        }),
      ]
    },
  },
  {
    says: '`registry.postgres` has one password, and TLS where it is on another machine, unless `plaintext` says otherwise.',
    broken: (file) => {
      const path = ['registry', 'postgres']
      const { url, plaintext, password_file } = readable(postgresSchema, valueAt(file, path))
      if (url === undefined) return []
      const endpoint = endpointOf(url)
      const encrypted = valueAt(file, [...path, 'tls']) !== undefined
      return [
        ...unless(endpoint.password === undefined || password_file === undefined, [...path, 'password_file'], {
          message: 'the URL holds a password too',
          cure: 'keep one of them',
        }),
        ...unless(encrypted || plaintext !== false || !isElsewhere(endpoint), [...path, 'tls'], {
          message: 'it is missing: who sits on the way to the database would decide who gets in',
          cure: 'write tls: {}, or plaintext: true where the network itself encrypts',
        }),
        ...unless(!(encrypted && endpoint.host.startsWith('/')), [...path, 'tls'], {
          message: 'PostgreSQL does not speak TLS over a Unix socket',
          cure: 'remove it',
        }),
      ]
    },
  },
  {
    says: '`qwac: required` needs `qtsps`.',
    broken: (file) => {
      const needing = policiesOf(file).filter(([, policy]) => {
        const psd2 = valueAt(policy, ['psd2'])
        return psd2 !== undefined && readable(psd2Schema, psd2).qwac === 'required'
      })
      const [first] = needing
      if (first === undefined || valueAt(file, ['qtsps']) !== undefined) return []
      const message = `it is missing: nothing says whose QWACs the policy ${first[0]} accepts`
      return [{ path: ['qtsps'], message, cure: 'name a folder with the certificates of their issuing CAs' }]
    },
  },
  {
    says: '`log.buffered` needs a file for `log.audit`, which is never buffered.',
    broken: (file) => {
      const { audit, buffered } = readable(logSchema, valueAt(file, ['log']))
      return unless(!(buffered === true && audit === 'stdout'), ['log', 'buffered'], {
        message: 'the audit would wait in memory with the rest',
        cure: 'name a file as log.audit, or remove it',
      })
    },
  },
  {
    says: '`ocsp.timeout` is below `deadline`, not above `ocsp.fetch_timeout`, and above `ocsp.cache.redis.timeout`.',
    broken: (file) => {
      const { deadline } = readable(configSchema, file)
      const { timeout, fetch_timeout } = readable(ocspSchema, valueAt(file, ['ocsp']))
      const redis = valueAt(file, ['ocsp', 'cache', 'redis'])
      const redisTimeout = redis === undefined ? undefined : readable(redisSchema, redis).timeout
      return [
        ...unless(isLess(timeout, deadline), ['ocsp', 'timeout'], {
          message: 'waiting for a responder takes as long as the whole check may',
          cure: 'make it shorter than deadline',
        }),
        ...unless(isAtMost(timeout, fetch_timeout), ['ocsp', 'fetch_timeout'], {
          message: 'asking ends before a request has waited for ocsp.timeout',
          cure: 'make it at least as long as ocsp.timeout',
        }),
        ...unless(isLess(redisTimeout, timeout), ['ocsp', 'cache', 'redis', 'timeout'], {
          message: 'Redis may take all the time that there is for a responder',
          cure: 'make it much shorter than ocsp.timeout',
        }),
      ]
    },
  },
  {
    says: '`ocsp.breaker.max_open` is not below `ocsp.breaker.open`.',
    broken: (file) => {
      const { open, max_open } = readable(breakerSchema, valueAt(file, ['ocsp', 'breaker']))
      return unless(isAtMost(open, max_open), ['ocsp', 'breaker', 'max_open'], {
        message: 'the longest time is shorter than the first',
        cure: 'make it at least as long as ocsp.breaker.open',
      })
    },
  },
  {
    says: '`ocsp.refresh.max_retry` is not below `ocsp.refresh.retry`.',
    broken: (file) => {
      const { retry, max_retry } = readable(refreshSchema, valueAt(file, ['ocsp', 'refresh']))
      return unless(isAtMost(retry, max_retry), ['ocsp', 'refresh', 'max_retry'], {
        message: 'the longest pause is shorter than the first',
        cure: 'make it at least as long as ocsp.refresh.retry',
      })
    },
  },
  {
    says: '`ocsp.cache.redis` has one of `url`, `sentinel` and `cluster`. User, password, database and TLS of a single Redis stand in its URL.',
    broken: (file) => {
      const redis = valueAt(file, ['ocsp', 'cache', 'redis'])
      if (!isSection(redis)) return []
      const has = (key: string): boolean => valueAt(redis, [key]) !== undefined
      const path = ['ocsp', 'cache', 'redis']
      const kinds = ['url', 'sentinel', 'cluster'].filter(has)
      const kind = kinds.length === 1 ? kinds[0] : undefined
      const url = readable(redisSchema, redis).url
      const inUrl = ['username', 'password', 'database'].filter((key) => kind === 'url' && has(key))
      return [
        ...unless(kinds.length > 0, path, {
          message: 'it says not where Redis is',
          cure: 'add url, sentinel or cluster',
        }),
        ...unless(kinds.length < 2, path, {
          message: `it has ${kinds.join(' and ')}`,
          cure: 'keep one of them',
        }),
        ...inUrl.map((key) => ({
          path: [...path, key],
          message: 'a single Redis has it in its URL',
          cure: 'write rediss://user:password@host:6379/0',
        })),
        ...unless(!(url?.protocol === 'redis:' && has('tls')), [...path, 'tls'], {
          message: 'the URL is one without TLS',
          cure: 'begin it with rediss:, or remove tls',
        }),
        ...unless(!(kind === 'cluster' && has('database')), [...path, 'database'], {
          message: 'a Cluster has one database only',
          cure: 'remove it',
        }),
      ]
    },
  },
  {
    says: 'An entry of `ocsp.issuers` says something about its issuer, and each issuer has one entry.',
    broken: (file) => {
      const seen = new Set<string>()
      return items(valueAt(file, ['ocsp', 'issuers'])).flatMap((written, index): Finding[] => {
        const { certificate } = readable(issuerSchema, written)
        const path = ['ocsp', 'issuers', index]
        const repeated = certificate !== undefined && seen.has(certificate)
        if (certificate !== undefined) seen.add(certificate)
        const says = issuerKeys.some((key) => key !== 'certificate' && valueAt(written, [key]) !== undefined)
        return [
          ...unless(!isSection(written) || says, path, {
            message: 'it says nothing about the issuer',
            cure: 'add what differs, such as responder, or remove the entry',
          }),
          ...unless(!repeated, [...path, 'certificate'], {
            message: '{written} stands here a second time',
            cure: 'put what is said of one issuer into one entry',
          }),
        ]
      })
    },
  },
  {
    says: 'An entry of `intake.refused_issuers` has `organization` or `key_sha256`.',
    broken: (file) =>
      items(valueAt(file, ['intake', 'refused_issuers'])).flatMap((written, index) => {
        const named = refusalKeys.filter((key) => valueAt(written, [key]) !== undefined)
        return unless(!isSection(written) || named.length === 1, ['intake', 'refused_issuers', index], {
          message: named.length === 0 ? 'it names no issuer' : 'it names an issuer in two ways',
          cure: 'write organization or key_sha256, and two entries for both',
        })
      }),
  },
]

/** What a policy for trying certificates may say: that it requires nothing is no contradiction. */
const isOfTrials = (key: string, value: unknown): boolean =>
  key === 'channel' || key === 'rate' || (key === 'require' && Array.isArray(value) && value.length === 0)

const refusalKeys = Object.keys(refusedIssuerSchema.shape)
const issuerKeys = Object.keys(issuerSchema.shape)

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

/** Those keys of a section that can be read, each by itself; one that is absent has its default. */
export function readable<Shape extends z.ZodRawShape>(
  section: z.ZodObject<Shape>,
  value: unknown,
): Partial<z.output<z.ZodObject<Shape>>> {
  const parts = Object.entries(section.shape).flatMap(([key, schema]) => {
    const parsed = (schema as z.ZodType).safeParse(valueAt(value, [key]))
    return parsed.success ? [[key, parsed.data] as const] : []
  })
  return Object.fromEntries(parts) as Partial<z.output<z.ZodObject<Shape>>>
}

type Section = Readonly<Record<string, unknown>>

const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function policiesOf(file: unknown): [string, Section][] {
  const named = valueAt(file, ['policies'])
  return isSection(named)
    ? Object.entries(named).filter((entry): entry is [string, Section] => isSection(entry[1]))
    : []
}

/** Whether both are known and the first is less; true where one is not known, which is another problem. */
const isLess = (less: number | undefined, more: number | undefined): boolean =>
  less === undefined || more === undefined || less < more

const isAtMost = (less: number | undefined, more: number | undefined): boolean =>
  less === undefined || more === undefined || less <= more

function unless(
  holds: boolean,
  path: readonly PropertyKey[],
  broken: { readonly message: string; readonly cure: string },
): readonly Finding[] {
  return holds ? [] : [{ path, ...broken }]
}
