import { ChannelSubscription } from '../redis/channel_subscription.ts'
import { RedisConnection, type SharedRedisOptions } from '../redis/redis_connection.ts'
import type { Lock } from './attempt_store.ts'
import { lockMessageFrom } from './lock_messages.ts'
import type { Fleet, FleetListener } from './lockouts.ts'
import { lockChannel, RedisAttempts } from './redis_attempts.ts'

/** Counts with the fleet that shares a Redis, and hears of its locks. It connects in the background. */
export function openFleet(options: SharedRedisOptions, { onLocked, onLifted, clock }: FleetListener): Fleet {
  const connection = new RedisConnection(options)
  const attempts = new RedisAttempts(connection, options)
  const tell = (locks: readonly Lock[] = []): void => {
    for (const lock of locks) onLocked(lock)
  }
  const subscription = new ChannelSubscription(options, lockChannel(options.keyPrefix), {
    onMessage: (text) => {
      const message = lockMessageFrom(text)
      if (message?.kind === 'locked') onLocked(message.lock)
      else if (message?.kind === 'lifted') onLifted(message.ids)
    },
    onSubscribed: async () => {
      // The other connection may be a moment later.
      await connection.connected(options.connectTimeoutMs)
      tell(await attempts.locks(clock().getTime()))
    },
  })
  return {
    get ready() {
      return attempts.ready
    },
    record: (failures, now) => attempts.record(failures, now),
    lift: (subjects) => attempts.lift(subjects),
    close: () => {
      subscription.close()
      attempts.close()
    },
  }
}
