import type { RedisConnection } from '../redis/redis_connection.ts'
import type { SharedAnswers } from './answer_cache.ts'
import type { FleetMemory } from './control.ts'

/** How many keys one message names, and how long no message is. */
const keysAtOnce = 200
const maxMessageLength = 100_000

/** The channel over which the processes of a fleet tell each other what to forget. */
export const purgeChannel = (keyPrefix: string): string => `${keyPrefix}ocsp:purge`

/** Answers that are shared over Redis: forgotten there first, where the others would find them again, then by all. */
export class RedisFleetMemory implements FleetMemory {
  readonly #connection: RedisConnection
  readonly #shared: SharedAnswers
  readonly #channel: string

  constructor(connection: RedisConnection, shared: SharedAnswers, { keyPrefix }: { readonly keyPrefix: string }) {
    this.#connection = connection
    this.#shared = shared
    this.#channel = purgeChannel(keyPrefix)
  }

  async purge(keys: readonly string[]): Promise<boolean> {
    let told = await this.#shared.forget(keys)
    for (let start = 0; start < keys.length; start += keysAtOnce) {
      const message = JSON.stringify(keys.slice(start, start + keysAtOnce))
      const outcome = await this.#connection.runPatiently('PUBLISH', (client) => client.publish(this.#channel, message))
      told = outcome.status === 'replied' && told
    }
    return told
  }
}

/** The keys that a message names; none where it is not one of ours. */
export function purgedKeys(message: string): readonly string[] {
  if (message.length > maxMessageLength) return []
  try {
    const keys: unknown = JSON.parse(message)
    return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : []
  } catch {
    return []
  }
}
