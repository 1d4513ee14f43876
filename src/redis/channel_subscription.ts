import type { Cluster, Redis } from 'ioredis'
import { connectRedis, type RedisConnectionOptions } from './redis_connection.ts'

/** A subscriber hears nothing for days: so often it makes sure that somebody is there. */
const heartbeatMs = 10_000

export interface ChannelListener {
  readonly onMessage: (message: string) => void
  /** Told each time that it has subscribed: whatever was said before was not heard. */
  readonly onSubscribed?: (() => void) | undefined
}

/** Hears what is said on a channel, over a connection of its own, and subscribes again whenever that had to be made anew. */
export class ChannelSubscription {
  readonly #subscriber: Redis | Cluster
  readonly #heartbeat: NodeJS.Timeout

  constructor(
    options: RedisConnectionOptions,
    channel: string,
    { onMessage, onSubscribed = () => {} }: ChannelListener,
  ) {
    this.#subscriber = connectRedis(options)
    // What is wrong with Redis is reported by the connection that asks it.
    this.#subscriber.on('error', () => {})
    this.#subscriber.on('ready', () => void this.#subscriber.subscribe(channel).then(onSubscribed, () => {}))
    this.#subscriber.on('message', (_, message: string) => onMessage(message))
    // A connection over which no reply comes is given up by its socket timeout.
    this.#heartbeat = setInterval(() => void this.#subscriber.ping().catch(() => {}), heartbeatMs).unref()
  }

  close(): void {
    clearInterval(this.#heartbeat)
    this.#subscriber.disconnect()
  }
}
