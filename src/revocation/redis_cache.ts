import { createHash } from 'node:crypto'
import type { OcspAnswer } from '../pki/ocsp_verification.ts'
import type { RedisConnection } from '../redis/redis_connection.ts'
import {
  answerOrder,
  instantLength,
  instantText,
  orderLength,
  type SharedAnswer,
  type SharedAnswers,
  type StoredBytes,
} from './answer_cache.ts'
import { leaseName } from './lease.ts'

const headLength = orderLength + instantLength

/** One more than the largest honest entry: what is longer shows by its length, and is never read whole. */
const lastOctetRead = headLength + 65_536

/** What claims to be later stays. An unreadable entry claims nothing. */
const writeUnlessOlder = `
local stored = redis.pcall('GETRANGE', KEYS[1], 0, ${headLength - 1})
if type(stored) == 'string' and #stored == ${headLength} and not string.find(stored, '%D') then
  if string.sub(stored, 1, ${orderLength}) > string.sub(ARGV[1], 1, ${orderLength}) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1`

/** Only what was read is removed: a neighbour may have written a good answer meanwhile. */
const removeIfSame = `
local stored = redis.pcall('GETRANGE', KEYS[1], 0, ${lastOctetRead})
if type(stored) ~= 'string' or redis.sha1hex(stored) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0`

/** How many keys are forgotten in one go. */
const forgottenAtOnce = 500

/**
 * Signed answers in Redis, one string a certificate: the answer's order and the end of its use in decimal digits, then its
 * DER. It may be kept longer than it is used, as what was last heard.
 */
export class RedisCache implements SharedAnswers {
  readonly #connection: RedisConnection
  readonly #allPrefix: string
  readonly #prefix: string

  /** `keyPrefix` goes before every key; the name of the format follows it. */
  constructor(connection: RedisConnection, { keyPrefix }: { readonly keyPrefix: string }) {
    this.#connection = connection
    this.#allPrefix = `${keyPrefix}ocsp:`
    this.#prefix = `${this.#allPrefix}2:`
  }

  async read(key: string, patiently = false): Promise<SharedAnswer> {
    const name = this.#prefix + key
    const outcome = await this.#connection[patiently ? 'runPatiently' : 'run']('GETRANGE', (client) =>
      client.getrangeBuffer(name, 0, lastOctetRead),
    )
    // Redis refuses to read a list or a hash as a string.
    if (outcome.status === 'refused' && outcome.cause.startsWith('WRONGTYPE')) return rubbish(new Uint8Array())
    if (outcome.status !== 'replied') return { status: 'failed', cause: outcome.cause }
    const stored = outcome.reply
    if (stored.length === 0) return { status: 'absent' }
    const head = stored.toString('latin1', 0, headLength)
    if (stored.length > lastOctetRead || head.length < headLength || !/^\d+$/.test(head)) return rubbish(stored)
    return {
      ...{ status: 'found', stored, der: stored.subarray(headLength) },
      claimedOrder: head.slice(0, orderLength),
      claimedUntil: new Date(Number(head.slice(orderLength))),
    }
  }

  async write(key: string, answer: OcspAnswer, until: Date, keepMs: number): Promise<boolean> {
    if (keepMs < 1) return true
    const { der } = answer
    const head = answerOrder(answer) + instantText(until)
    const args = [head, Buffer.from(der.buffer, der.byteOffset, der.byteLength), Math.floor(keepMs)]
    const outcome = await this.#connection.runPatiently('EVAL write', (client) =>
      client.eval(writeUnlessOlder, 1, this.#prefix + key, ...args),
    )
    return outcome.status === 'replied'
  }

  async discard(key: string, { stored }: StoredBytes): Promise<void> {
    const digest = createHash('sha1').update(stored).digest('hex')
    await this.#connection.runPatiently('EVAL discard', (client) =>
      client.eval(removeIfSame, 1, this.#prefix + key, digest),
    )
  }

  async forget(keys: readonly string[]): Promise<boolean> {
    const names = keys.flatMap((key) => [this.#prefix + key, leaseName(this.#allPrefix, key)])
    for (let start = 0; start < names.length; start += forgottenAtOnce) {
      const some = names.slice(start, start + forgottenAtOnce)
      // One by one, since a Cluster has them in different places.
      const outcome = await this.#connection.runPatiently('UNLINK', (client) =>
        Promise.all(some.map((name) => client.unlink(name))),
      )
      if (outcome.status !== 'replied') return false
    }
    return this.#connection.ready
  }

  close(): void {
    this.#connection.close()
  }
}

const rubbish = (stored: Uint8Array): SharedAnswer => ({ status: 'rubbish', stored })
