import type { RedisConnection } from '../redis/redis_connection.ts'
import type { AttemptStore, Counted, Failure, Lock, Recorded } from './attempt_store.ts'
import { skewMs } from './attempts.ts'
import { liftedMessage, lockFrom, lockText } from './lock_messages.ts'
import type { Subject } from './subject.ts'

/** As many locks as the fleet shows and learns at a start; more are in force all the same. */
const maxListed = 10_000

const fields = ['failures', 'windowUntil', 'locks', 'lockedUntil', 'forgottenAt'] as const

/**
 * `afterFailure` for each subject: KEYS are theirs, and the list of locks; ARGV the instant and the channel, then of each subject
 * its limit and its lock as a text. What cannot be read is rubbish, and as if it were not there.
 */
const recordFailures = `
local now, channel = tonumber(ARGV[1]), ARGV[2]
local listed = KEYS[#KEYS]
local replies = {}
for i = 1, #KEYS - 1 do
  local at = 3 + (i - 1) * 5
  local attempts, window, lock, maxLock = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local stored = redis.pcall('HMGET', KEYS[i], '${fields.join("', '")}')
  local failures, windowUntil, locks, lockedUntil, forgottenAt = 0, 0, 0, 0, 0
  if stored.err then redis.call('UNLINK', KEYS[i]) else
    local f, w, l, u, g = tonumber(stored[1]), tonumber(stored[2]), tonumber(stored[3]), tonumber(stored[4]), tonumber(stored[5])
    if f and w and l and u and g and now < g and w - now <= window + ${skewMs} and u - now <= maxLock + ${skewMs} then
      failures, windowUntil, locks, lockedUntil, forgottenAt = f, w, l, u, g
    end
  end
  local began = 0
  if now >= lockedUntil then
    local inWindow = now < windowUntil
    failures = inWindow and failures + 1 or 1
    if failures >= attempts then
      locks = locks + 1
      lockedUntil = now + math.min(lock * 2 ^ math.min(locks - 1, 31), maxLock)
      failures, windowUntil, forgottenAt, began = 0, 0, lockedUntil + maxLock, 1
    else
      if not inWindow then windowUntil = now + window end
      forgottenAt = math.max(forgottenAt, windowUntil)
    end
    local values = {failures, windowUntil, locks, lockedUntil, forgottenAt}
    for v = 1, #values do values[v] = string.format('%.0f', values[v]) end
    redis.call('HSET', KEYS[i], ${fields.map((field, index) => `'${field}', values[${index + 1}]`).join(', ')})
    redis.call('PEXPIRE', KEYS[i], math.max(1, math.ceil(forgottenAt - now)))
    if began == 1 then
      local until_ = string.format('%.0f', lockedUntil)
      if type(redis.pcall('ZADD', listed, until_, ARGV[at + 4])) == 'table' then
        redis.call('UNLINK', listed)
        redis.call('ZADD', listed, until_, ARGV[at + 4])
      end
      redis.call('ZREMRANGEBYSCORE', listed, '-inf', ARGV[1])
      redis.call('ZREMRANGEBYRANK', listed, 0, -${maxListed + 1})
      redis.call('PEXPIRE', listed, math.max(redis.call('PTTL', listed), math.ceil(lockedUntil - now)))
      redis.call('PUBLISH', channel, until_ .. ' ' .. ARGV[at + 4])
    end
  end
  replies[i] = {failures, windowUntil, locks, lockedUntil, forgottenAt, began}
  for r = 1, 6 do replies[i][r] = string.format('%.0f', replies[i][r]) end
end
return replies`

/** KEYS are those of the subjects, and the list of locks; ARGV the channel, what is said on it, and the listed locks. */
const liftSubjects = `
for i = 1, #KEYS - 1 do redis.call('UNLINK', KEYS[i]) end
for i = 3, #ARGV do redis.pcall('ZREM', KEYS[#KEYS], ARGV[i]) end
return redis.call('PUBLISH', ARGV[1], ARGV[2])`

/** The names that share one slot of a Cluster, since one script sees to them together. */
export const lockoutPrefix = (keyPrefix: string): string => `${keyPrefix}basic:{lockout}:`

/** Where the fleet says which locks began and which were lifted. */
export const lockChannel = (keyPrefix: string): string => `${lockoutPrefix(keyPrefix)}changes`

/** The failures that a fleet saw. Every key runs out by itself. */
export class RedisAttempts implements AttemptStore {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #channel: string

  constructor(connection: RedisConnection, { keyPrefix }: { readonly keyPrefix: string }) {
    this.#connection = connection
    this.#prefix = lockoutPrefix(keyPrefix)
    this.#channel = lockChannel(keyPrefix)
  }

  get ready(): boolean {
    return this.#connection.ready
  }

  async record(failures: readonly Failure[], now: number): Promise<Recorded> {
    const keys = [...failures.map(({ subject }) => this.#nameOf(subject)), this.#listed]
    const limits = failures.flatMap(({ subject, limit: { attempts, windowMs, lockMs, maxLockMs } }) => [
      ...[attempts, windowMs, lockMs, maxLockMs],
      lockText(subject),
    ])
    const outcome = await this.#connection.runPatiently('EVAL failure', (client) =>
      client.eval(recordFailures, keys.length, ...keys, now, this.#channel, ...limits),
    )
    return outcome.status === 'replied' ? (outcome.reply as string[][]).map(counted) : undefined
  }

  async lift(subjects: readonly Subject[]): Promise<boolean> {
    const keys = [...subjects.map((subject) => this.#nameOf(subject)), this.#listed]
    const outcome = await this.#connection.runPatiently('EVAL lift', (client) =>
      client.eval(
        ...[liftSubjects, keys.length, ...keys, this.#channel, liftedMessage(subjects)],
        ...subjects.map(lockText),
      ),
    )
    return outcome.status === 'replied'
  }

  /** The locks in force, as far as they are listed; `undefined` where Redis cannot be asked. */
  async locks(now: number): Promise<readonly Lock[] | undefined> {
    const outcome = await this.#connection.runPatiently('ZRANGE locks', (client) =>
      client.zrangebyscore(this.#listed, `(${now}`, '+inf', 'WITHSCORES', 'LIMIT', 0, maxListed),
    )
    if (outcome.status !== 'replied') return undefined
    const { reply } = outcome
    return reply.flatMap((text, index) => (index % 2 === 0 ? (lockFrom(`${reply[index + 1]} ${text}`) ?? []) : []))
  }

  close(): void {
    this.#connection.close()
  }

  get #listed(): string {
    return `${this.#prefix}locks`
  }

  #nameOf({ id }: Subject): string {
    return `${this.#prefix}1:${id}`
  }
}

function counted(reply: readonly string[]): Counted {
  const [failures = 0, windowUntil = 0, locks = 0, lockedUntil = 0, forgottenAt = 0, began = 0] = reply.map(Number)
  return { failures, windowUntil, locks, lockedUntil, forgottenAt, began: began === 1 }
}
