import type { Clock } from '../ports.ts'
import { RedisConnection, type RedisConnectionOptions } from '../redis/redis_connection.ts'
import { MemoryReplays } from './memory_replays.ts'
import { RedisReplays } from './redis_replays.ts'
import { RequestSignatures } from './signatures.ts'

/** The Redis that a fleet shares, `undefined` where it shares none. */
export type SharedRedis = (RedisConnectionOptions & { readonly keyPrefix: string }) | undefined

export interface SignaturesOptions {
  readonly redis: SharedRedis
  /** How many used signatures this process remembers. */
  readonly remembered: number
  readonly clock: Clock
}

/** The signatures of requests, remembered by the fleet where it shares a Redis, over a connection of its own. */
export function openSignatures({ redis, remembered, clock }: SignaturesOptions): RequestSignatures {
  const own = new MemoryReplays({ maxEntries: remembered, clock })
  return new RequestSignatures({ own, shared: sharedReplays(redis) })
}

/** `undefined` where there is no Redis. */
export function sharedReplays(redis: SharedRedis): RedisReplays | undefined {
  return redis && new RedisReplays(new RedisConnection(redis), redis)
}
