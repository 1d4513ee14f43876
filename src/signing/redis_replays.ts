import type { RedisConnection } from '../redis/redis_connection.ts'
import type { Novelty, ReplayMemory } from './replay_memory.ts'

/**
 * The signatures that any process of a fleet has seen: a key without a value each, which Redis forgets by itself. It must not forget
 * earlier: with `maxmemory`, its policy is `noeviction`.
 */
export class RedisReplays implements ReplayMemory {
  readonly #connection: RedisConnection
  readonly #prefix: string

  /** `keyPrefix` goes before every key; the name of the format follows it. */
  constructor(connection: RedisConnection, { keyPrefix }: { readonly keyPrefix: string }) {
    this.#connection = connection
    this.#prefix = `${keyPrefix}signature:1:`
  }

  async firstUse(mark: string, forMs: number): Promise<Novelty> {
    const outcome = await this.#connection.run('SET NX', (client) =>
      client.set(this.#prefix + mark, '', 'PX', Math.ceil(forMs), 'NX'),
    )
    if (outcome.status !== 'replied') return { status: 'unknown', cause: `Redis: ${outcome.cause}` }
    return { status: outcome.reply === 'OK' ? 'new' : 'seen' }
  }

  close(): void {
    this.#connection.close()
  }
}
