import { randomBytes } from 'node:crypto'
import type { RedisConnection } from '../redis/redis_connection.ts'
import type { FleetPace } from './pace.ts'

/** Who of a fleet asks a responder about a certificate. No call rejects. */
export interface Leases {
  /** Whether the fleet can be asked at all. */
  readonly ready: boolean
  /**
   * The right to ask about `key`, for a time that is longer than any inquiry. `quietLimitMs` is for how long at most a
   * neighbour's word is taken that it asked just now and nobody needs to; 0 takes no such word. Settles within
   * tens of milliseconds; `patiently`, where no request waits, within hundreds.
   */
  acquire(key: string, quietLimitMs: number, patiently?: boolean): Promise<Lease>
}

export type Lease =
  | {
      readonly status: 'granted'
      /** Gives the right back; where `quietMs` is not 0, nobody needs to ask for that time. */
      release(quietMs: number): Promise<void>
    }
  /** A neighbour is asking. */
  | { readonly status: 'taken' }
  /** A neighbour asked, and says that it is enough for this long. */
  | { readonly status: 'quiet'; readonly leftMs: number }
  /** The fleet could not be asked. */
  | { readonly status: 'failed' }

const tokenLength = 32
const quiet = 'quiet'

/** What is neither a lease nor a word of quiet, or claims to last longer than any, is rubbish and stands in nobody's way. */
const acquireUnlessTaken = `
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'string' then
  local left = redis.call('PTTL', KEYS[1])
  if #held == ${tokenLength} and left > 0 and left <= tonumber(ARGV[2]) then return -1 end
  if held == '${quiet}' and left > 0 and left <= tonumber(ARGV[3]) then return left end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0`

/** A lease that ran out may be a neighbour's by now. */
const releaseIfHeld = `
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[1], '${quiet}', 'PX', ARGV[2]) else redis.call('DEL', KEYS[1]) end
return 1`

/**
 * The turns of the fleet, one every ARGV[1] microseconds, by the clock of Redis. Turns that are taken further ahead than any
 * fleet takes them are rubbish.
 */
const reserveTurn = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local interval = tonumber(ARGV[1])
local held = redis.pcall('GET', KEYS[1])
local turn = type(held) == 'string' and tonumber(held) or 0
if not (turn > now) or turn - now > 1000 * interval then turn = now end
redis.call('SET', KEYS[1], string.format('%.0f', turn + interval), 'PX', math.ceil((turn + interval - now) / 1000) + 1000)
return math.ceil((turn - now) / 1000)`

/** Leases and turns in Redis. A lease whose holder died runs out. */
export class RedisLeases implements Leases, FleetPace {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #leaseMs: number

  /** `leaseMs` is longer than an inquiry with all that belongs to it. */
  constructor(
    connection: RedisConnection,
    { keyPrefix, leaseMs }: { readonly keyPrefix: string; readonly leaseMs: number },
  ) {
    this.#connection = connection
    this.#prefix = `${keyPrefix}ocsp:`
    this.#leaseMs = Math.ceil(leaseMs)
  }

  get ready(): boolean {
    return this.#connection.ready
  }

  async acquire(key: string, quietLimitMs: number, patiently = false): Promise<Lease> {
    const name = leaseName(this.#prefix, key)
    const token = randomBytes(tokenLength / 2).toString('hex')
    const release = async (quietMs: number): Promise<void> => {
      await this.#connection.runPatiently('EVAL release', (client) =>
        client.eval(releaseIfHeld, 1, name, token, Math.floor(quietMs)),
      )
    }
    const outcome = await this.#connection[patiently ? 'runPatiently' : 'run']('EVAL acquire', (client) =>
      client.eval(acquireUnlessTaken, 1, name, token, this.#leaseMs, Math.floor(quietLimitMs)),
    )
    if (outcome.status !== 'replied') {
      // It may have been granted all the same, only too late.
      void release(0)
      return { status: 'failed' }
    }
    const left = Number(outcome.reply)
    if (left === 0) return { status: 'granted', release }
    return left < 0 ? { status: 'taken' } : { status: 'quiet', leftMs: left }
  }

  async reserve(intervalMs: number): Promise<number | undefined> {
    const name = `${this.#prefix}turn`
    const outcome = await this.#connection.runPatiently('EVAL turn', (client) =>
      client.eval(reserveTurn, 1, name, Math.round(intervalMs * 1_000)),
    )
    return outcome.status === 'replied' ? Number(outcome.reply) : undefined
  }
}

/** The name of a key's lease. `prefix` is that of all that is kept about OCSP. */
export const leaseName = (prefix: string, key: string): string => `${prefix}lease:${key}`
