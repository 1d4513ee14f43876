import { readFileSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { certificateFromPem } from '../pki/certificate.ts'
import type { ResponderOverride } from './addresses.ts'
import type { RevocationOptions } from './options.ts'
import { redisFromUrl } from './redis_connection.ts'

/** Of the time that an answer is remembered, the part within which processes spread. */
const jitter = 0.1
const redisConnectTimeoutMs = 2_000
const redisMaxReconnectMs = 2_000

/** The options that the configuration's `ocsp` means. Throws where a certificate that it names cannot be read. */
export function revocationOptions(ocsp: Config['ocsp'], onRedisError: (message: string) => void): RevocationOptions {
  const { breaker, cache } = ocsp
  return {
    timeoutMs: ocsp.timeout,
    fetchTimeoutMs: ocsp.fetch_timeout,
    skewMs: ocsp.skew,
    maxAgeMs: ocsp.max_age,
    allowSha1: ocsp.allow_sha1,
    nonce: ocsp.nonce,
    breaker: { failures: breaker.failures, openMs: breaker.open, maxOpenMs: breaker.max_open },
    retention: {
      capMs: { good: cache.max_age, revoked: cache.revoked_max_age, unknown: cache.unknown_max_age },
      failureMs: cache.failure_max_age,
      jitter,
    },
    connectionsPerResponder: ocsp.connections,
    queuePerResponder: ocsp.queue,
    allowPrivateAddresses: ocsp.allow_private_addresses,
    allowedHosts: ocsp.allowed_hosts && new Set(ocsp.allowed_hosts),
    proxy: ocsp.proxy,
    overrides: new Map(ocsp.issuers.map(overrideOf)),
    cache: { memory: { maxEntries: cache.memory.max_entries }, redis: redisOptions(cache.redis, onRedisError) },
  }
}

function overrideOf(issuer: Config['ocsp']['issuers'][number]): [string, ResponderOverride] {
  const read = (file: string) => certificateFromPem(readFileSync(file, 'utf8'))
  const pinned = issuer.responder_certificate === undefined ? [] : [read(issuer.responder_certificate)]
  return [read(issuer.certificate).sha256, { responder: issuer.responder, pinned }]
}

function redisOptions(
  redis: Config['ocsp']['cache']['redis'],
  onError: (message: string) => void,
): RevocationOptions['cache']['redis'] {
  const connection = redis && redisFromUrl(redis.url.href)
  if (redis === undefined || connection === undefined) return undefined
  return {
    ...connection,
    commandTimeoutMs: redis.timeout,
    connectTimeoutMs: redisConnectTimeoutMs,
    maxReconnectMs: redisMaxReconnectMs,
    keyPrefix: redis.key_prefix,
    onError,
  }
}
