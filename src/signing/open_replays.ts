import type { Clock } from '../ports.ts'
import { RedisConnection, type SharedRedisOptions } from '../redis/redis_connection.ts'
import { MemoryReplays } from './memory_replays.ts'
import { RedisReplays } from './redis_replays.ts'
import { RequestSignatures } from './signatures.ts'

export interface SignaturesOptions {
  /** That of the fleet; `undefined` where it shares none. */
  readonly redis: SharedRedisOptions | undefined
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
export function sharedReplays(redis: SharedRedisOptions | undefined): RedisReplays | undefined {
  return redis && new RedisReplays(new RedisConnection(redis), redis)
}
