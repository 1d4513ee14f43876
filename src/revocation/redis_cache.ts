import { createHash } from 'node:crypto'
import type { OcspAnswer } from '../pki/ocsp_verification.ts'
import { answerOrder, orderLength, type SharedAnswer, type SharedAnswers, type StoredBytes } from './answer_cache.ts'
import type { RedisConnection } from './redis_connection.ts'

/** One more than the largest honest entry: what is longer shows by its length, and is never read whole. */
const lastOctetRead = orderLength + 65_536

/** The order and the DER, in one string: what claims to be later stays. An unreadable entry claims nothing. */
const writeUnlessOlder = `
local stored = redis.pcall('GETRANGE', KEYS[1], 0, ${orderLength - 1})
if type(stored) == 'string' and #stored == ${orderLength} and not string.find(stored, '%D') and stored > ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1`

/** Only what was read is removed: a neighbour may have written a good answer meanwhile. */
const removeIfSame = `
local stored = redis.pcall('GETRANGE', KEYS[1], 0, ${lastOctetRead})
if type(stored) ~= 'string' or redis.sha1hex(stored) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0`

/** Signed answers in Redis, one string a certificate: the answer's order in decimal digits, then its DER. */
export class RedisCache implements SharedAnswers {
  readonly #connection: RedisConnection
  readonly #prefix: string

  /** `keyPrefix` goes before every key; the name of the format follows it. */
  constructor(connection: RedisConnection, { keyPrefix }: { readonly keyPrefix: string }) {
    this.#connection = connection
    this.#prefix = `${keyPrefix}ocsp:1:`
  }

  async read(key: string): Promise<SharedAnswer> {
    const name = this.#prefix + key
    const outcome = await this.#connection.run((client) =>
      Promise.all([client.getrangeBuffer(name, 0, lastOctetRead), client.pttl(name)]),
    )
    // Redis refuses to read a list or a hash as a string.
    if (outcome.status === 'refused' && outcome.cause.startsWith('WRONGTYPE')) return rubbish(new Uint8Array())
    if (outcome.status !== 'replied') return { status: 'failed', cause: outcome.cause }
    const [stored, pttl] = outcome.reply
    if (stored.length === 0) return { status: 'absent' }
    const claimedOrder = stored.toString('latin1', 0, orderLength)
    if (stored.length > lastOctetRead || !/^\d+$/.test(claimedOrder)) return rubbish(stored)
    return {
      ...{ status: 'found', stored, claimedOrder, der: stored.subarray(orderLength) },
      leftMs: pttl >= 0 ? pttl : undefined,
    }
  }

  async write(key: string, answer: OcspAnswer, ttlMs: number): Promise<void> {
    if (ttlMs < 1) return
    const { der } = answer
    const args = [answerOrder(answer), Buffer.from(der.buffer, der.byteOffset, der.byteLength), Math.floor(ttlMs)]
    await this.#connection.run((client) => client.eval(writeUnlessOlder, 1, this.#prefix + key, ...args))
  }

  async discard(key: string, { stored }: StoredBytes): Promise<void> {
    const digest = createHash('sha1').update(stored).digest('hex')
    await this.#connection.run((client) => client.eval(removeIfSame, 1, this.#prefix + key, digest))
  }

  close(): void {
    this.#connection.close()
  }
}

const rubbish = (stored: Uint8Array): SharedAnswer => ({ status: 'rubbish', stored })
