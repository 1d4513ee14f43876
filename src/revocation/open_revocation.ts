import type { Clock } from '../ports.ts'
import { ChannelSubscription } from '../redis/channel_subscription.ts'
import { type CommandObserver, RedisConnection } from '../redis/redis_connection.ts'
import type { SharedAnswers } from './answer_cache.ts'
import type { CrlObserver } from './crl/crl_holding.ts'
import { CrlSource } from './crl/crl_source.ts'
import { purgeChannel, purgedKeys, RedisFleetMemory } from './fleet_memory.ts'
import type { RejectionObserver } from './known_answers.ts'
import { RedisLeases } from './lease.ts'
import type { RevocationOptions } from './options.ts'
import { RedisCache } from './redis_cache.ts'
import { type FetchObserver, ResponderClient } from './responder.ts'
import { OcspRevocation, type RevocationParts } from './revocation.ts'

/** Beyond an inquiry: what Redis is told before and after it. */
const leaseMarginMs = 1_000

/** The revocation service as configured, with connections of its own; it connects to Redis in the background. */
export function openRevocation(
  options: RevocationOptions,
  parts: Pick<RevocationParts, 'ownersOf' | 'memory' | 'counts'> & {
    readonly clock: Clock
    readonly observer?: (FetchObserver & RejectionObserver & CrlObserver & CommandObserver) | undefined
  },
): OcspRevocation {
  const client = new ResponderClient({ ...options, observer: parts.observer })
  const crls = options.crl && new CrlSource(options.crl, parts)
  return new OcspRevocation(options, { ...parts, ...fleetOf(options, parts.observer), client, crls })
}

/**
 * The same for who looks once, and has time: it waits as long as an inquiry may take, reads what the fleet shares, and neither
 * writes nor removes anything there, nor agrees with anybody on who asks. Resolves once Redis is connected, or cannot be:
 * `redis` says which, `undefined` where none is configured.
 */
export async function openToLook(
  options: RevocationOptions,
  parts: { readonly clock: Clock; readonly observer: FetchObserver & RejectionObserver & CrlObserver },
): Promise<{ readonly revocation: OcspRevocation; readonly redis: 'connected' | 'away' | undefined }> {
  const crl = options.crl && { ...options.crl, timeoutMs: options.crl.fetchTimeoutMs }
  const patient: RevocationOptions = { ...options, crl, timeoutMs: options.fetchTimeoutMs }
  const { redis } = options.cache
  const connection = redis && new RedisConnection(redis)
  const connected = await connection?.connected(redis?.connectTimeoutMs ?? 0)
  const revocation = new OcspRevocation(patient, {
    ...parts,
    client: new ResponderClient({ ...patient, observer: parts.observer }),
    crls: crl && new CrlSource(crl, parts),
    shared: connection && redis && readOnly(new RedisCache(connection, redis)),
  })
  return { revocation, redis: connected === undefined ? undefined : connected ? 'connected' : 'away' }
}

function readOnly(shared: SharedAnswers): SharedAnswers {
  return {
    read: (key) => shared.read(key, true),
    write: async () => true,
    discard: async () => {},
    forget: async () => false,
    close: () => shared.close(),
  }
}

/** What a process shares with its fleet, over one connection and the one that listens; nothing without Redis. */
function fleetOf(
  options: RevocationOptions,
  observer: CommandObserver | undefined,
): Pick<RevocationParts, 'shared' | 'leases' | 'fleetPace' | 'fleet' | 'listen'> {
  const { redis } = options.cache
  if (redis === undefined) return {}
  const connection = new RedisConnection({ ...redis, onCommand: observer?.onCommand })
  const { keyPrefix } = redis
  const leases = new RedisLeases(connection, { keyPrefix, leaseMs: options.fetchTimeoutMs + leaseMarginMs })
  const shared = new RedisCache(connection, redis)
  return {
    ...{ shared, leases, fleetPace: leases },
    fleet: new RedisFleetMemory(connection, shared, redis),
    listen: (onPurge) =>
      new ChannelSubscription(redis, purgeChannel(keyPrefix), { onMessage: (message) => onPurge(purgedKeys(message)) }),
  }
}
