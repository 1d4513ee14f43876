import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { Config } from '../config/config.ts'
import { certificateFromPem } from '../pki/certificate.ts'
import { type RedisConnectionOptions, type RedisTopology, redisFromUrl } from '../redis/redis_connection.ts'
import type { ResponderOverride } from './addresses.ts'
import { type CrlOptions, crlDefaults } from './crl/crl_source.ts'
import type { RevocationOptions } from './options.ts'

/** Of the time until an answer is refreshed, or forgotten, the part within which processes spread. */
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
    delegateWithoutNocheck: ocsp.delegate_without_nocheck,
    check: ocsp.check,
    onUnavailable: ocsp.on_unavailable,
    onNoSource: ocsp.on_no_source,
    nonce: ocsp.nonce,
    breaker: { failures: breaker.failures, openMs: breaker.open, maxOpenMs: breaker.max_open },
    retention: {
      capMs: { good: cache.max_age, revoked: cache.revoked_max_age, unknown: cache.unknown_max_age },
      failureMs: cache.failure_max_age,
      jitter,
    },
    refresh: {
      ...{ at: ocsp.refresh.at, rate: ocsp.refresh.rate, jitter },
      ...{ retryMs: ocsp.refresh.retry, maxRetryMs: ocsp.refresh.max_retry },
    },
    connectionsPerResponder: ocsp.connections,
    queuePerResponder: ocsp.queue,
    allowPrivateAddresses: ocsp.allow_private_addresses,
    allowedHosts: ocsp.allowed_hosts && new Set(ocsp.allowed_hosts),
    proxy: ocsp.proxy,
    overrides: new Map(ocsp.issuers.map(overrideOf)),
    crl: ocsp.crl.enabled ? crlOptions(ocsp) : undefined,
    cache: { memory: { maxEntries: cache.memory.max_entries }, redis: redisOptions(cache.redis, onRedisError) },
  }
}

/** What holds of responders holds of the places where CRLs lie, too. */
function crlOptions(ocsp: Config['ocsp']): CrlOptions {
  return {
    ...crlDefaults,
    timeoutMs: ocsp.crl.timeout,
    fetchTimeoutMs: ocsp.crl.fetch_timeout,
    maxBytes: ocsp.crl.max_bytes,
    maxRefreshMs: ocsp.crl.refresh,
    skewMs: ocsp.skew,
    maxAgeMs: ocsp.max_age,
    allowSha1: ocsp.allow_sha1,
    allowPrivateAddresses: ocsp.allow_private_addresses,
    allowedHosts: ocsp.allowed_hosts && new Set(ocsp.allowed_hosts),
    proxy: ocsp.proxy,
  }
}

function overrideOf(issuer: Config['ocsp']['issuers'][number]): [string, ResponderOverride] {
  const read = (file: string) => certificateFromPem(readFileSync(file, 'utf8'))
  const pinned = issuer.responder_certificate === undefined ? [] : [read(issuer.responder_certificate)]
  const { responder, on_unavailable: onUnavailable, on_no_source: onNoSource } = issuer
  return [read(issuer.certificate).sha256, { responder, pinned, onUnavailable, onNoSource }]
}

type RedisConfig = NonNullable<Config['ocsp']['cache']['redis']>

function redisOptions(
  redis: RedisConfig | undefined,
  onError: (message: string) => void,
): RevocationOptions['cache']['redis'] {
  if (redis === undefined) return undefined
  return {
    ...redisConnection(redis),
    commandTimeoutMs: redis.timeout,
    connectTimeoutMs: redisConnectTimeoutMs,
    maxReconnectMs: redisMaxReconnectMs,
    keyPrefix: redis.key_prefix,
    onError,
  }
}

/** Throws where there is no Redis in it to connect to: it would be a cache that is silently not there. */
function redisConnection(
  redis: RedisConfig,
): Pick<RedisConnectionOptions, 'topology' | 'username' | 'password' | 'database' | 'tls'> {
  const tls = redis.tls && tlsOptions(redis.tls)
  if (redis.url !== undefined) {
    const connection = redisFromUrl(redis.url.href)
    if (connection === undefined) throw new Error('ocsp.cache.redis.url is not the URL of a Redis')
    return { ...connection, tls: connection.tls && { ...connection.tls, ...tls } }
  }
  const { username, password, database } = redis
  return { topology: topologyOf(redis), username, password, database, tls }
}

function topologyOf({ sentinel, cluster }: RedisConfig): RedisTopology {
  if (cluster !== undefined) return { kind: 'cluster', nodes: cluster.nodes }
  if (sentinel === undefined) throw new Error('ocsp.cache.redis names no Redis')
  const { primary, nodes: sentinels, username: sentinelUsername, password: sentinelPassword } = sentinel
  return { kind: 'sentinel', primary, sentinels, sentinelUsername, sentinelPassword }
}

function tlsOptions(tls: NonNullable<RedisConfig['tls']>): ConnectionOptions {
  const read = (file: string): Buffer => readFileSync(file)
  return {
    ...(tls.ca === undefined ? {} : { ca: read(tls.ca) }),
    ...(tls.certificate === undefined ? {} : { cert: read(tls.certificate) }),
    ...(tls.key === undefined ? {} : { key: read(tls.key) }),
    ...(tls.server_name === undefined ? {} : { servername: tls.server_name }),
  }
}
