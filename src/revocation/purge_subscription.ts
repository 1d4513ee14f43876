import type { Cluster, Redis } from 'ioredis'
import { connectRedis, type RedisConnectionOptions } from '../redis/redis_connection.ts'
import { purgeChannel, purgedKeys } from './fleet_memory.ts'

/** A subscriber hears nothing for days: so often it makes sure that somebody is there. */
const heartbeatMs = 10_000

/**
 * Hears what the fleet is to forget, over a connection of its own, and subscribes again whenever that had to be made anew.
 * What is said while it is away is not heard.
 */
export class PurgeSubscription {
  readonly #subscriber: Redis | Cluster
  readonly #heartbeat: NodeJS.Timeout

  constructor(
    options: RedisConnectionOptions & { readonly keyPrefix: string },
    onPurge: (keys: readonly string[]) => void,
  ) {
    this.#subscriber = connectRedis(options)
    // What is wrong with Redis is reported by the connection that asks it.
    this.#subscriber.on('error', () => {})
    const subscribe = () => this.#subscriber.subscribe(purgeChannel(options.keyPrefix))
    this.#subscriber.on('ready', () => void subscribe().catch(() => {}))
    this.#subscriber.on('message', (_, message: string) => onPurge(purgedKeys(message)))
    // A connection over which no reply comes is given up by its socket timeout.
    this.#heartbeat = setInterval(() => void this.#subscriber.ping().catch(() => {}), heartbeatMs).unref()
  }

  close(): void {
    clearInterval(this.#heartbeat)
    this.#subscriber.disconnect()
  }
}
