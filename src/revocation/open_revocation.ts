import type { Clock } from '../ports.ts'
import type { RejectionObserver } from './lookup.ts'
import type { RevocationOptions } from './options.ts'
import { RedisCache } from './redis_cache.ts'
import { RedisConnection } from './redis_connection.ts'
import { type FetchObserver, ResponderClient } from './responder.ts'
import { OcspRevocation } from './revocation.ts'

/** The revocation service as configured, with connections of its own; it connects to Redis in the background. */
export function openRevocation(
  options: RevocationOptions,
  parts: { readonly clock: Clock; readonly observer?: (FetchObserver & RejectionObserver) | undefined },
): OcspRevocation {
  const { redis } = options.cache
  return new OcspRevocation(options, {
    ...parts,
    client: new ResponderClient({ ...options, observer: parts.observer }),
    shared: redis === undefined ? undefined : new RedisCache(new RedisConnection(redis), redis),
  })
}
