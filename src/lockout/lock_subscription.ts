import type { Cluster, Redis } from 'ioredis'
import { connectRedis, type RedisConnectionOptions } from '../redis/redis_connection.ts'
import { type LockMessage, lockMessageFrom } from './lock_messages.ts'
import { lockChannel } from './redis_attempts.ts'

/** A subscriber hears nothing for days: so often it makes sure that somebody is there. */
const heartbeatMs = 10_000

export interface LockListener {
  readonly onMessage: (message: LockMessage) => void
  /** Whatever was said before was not heard. */
  readonly onSubscribed: () => void
}

/** Hears which locks the fleet begins and lifts, over a connection of its own, which is made anew whenever it is lost. */
export class LockSubscription {
  readonly #subscriber: Redis | Cluster
  readonly #heartbeat: NodeJS.Timeout

  constructor(options: RedisConnectionOptions & { readonly keyPrefix: string }, listener: LockListener) {
    this.#subscriber = connectRedis(options)
    // What is wrong with Redis is reported by the connection that asks it.
    this.#subscriber.on('error', () => {})
    const subscribe = () => this.#subscriber.subscribe(lockChannel(options.keyPrefix))
    this.#subscriber.on('ready', () => void subscribe().then(listener.onSubscribed, () => {}))
    this.#subscriber.on('message', (_, text: string) => {
      const message = lockMessageFrom(text)
      if (message !== undefined) listener.onMessage(message)
    })
    // A connection over which no reply comes is given up by its socket timeout.
    this.#heartbeat = setInterval(() => void this.#subscriber.ping().catch(() => {}), heartbeatMs).unref()
  }

  close(): void {
    clearInterval(this.#heartbeat)
    this.#subscriber.disconnect()
  }
}
