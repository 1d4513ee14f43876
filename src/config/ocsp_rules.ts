import { type Finding, valueAt } from './document.ts'
import { breakerSchema, issuerSchema, ocspSchema, refreshSchema } from './ocsp_schema.ts'
import { redisSchema } from './redis_schema.ts'
import { isAtMost, isLess, isSection, items, type Rule, readable, unless } from './rule.ts'
import { configSchema } from './schema.ts'

/** What holds within `ocsp`, and between it and the deadline. */
export const ocspRules: readonly Rule[] = [
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
]

const issuerKeys = Object.keys(issuerSchema.shape)
