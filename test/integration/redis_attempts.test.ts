import { expect } from 'chai'
import { Redis } from 'ioredis'
import type { Lock } from '../../src/lockout/attempt_store.ts'
import { openFleet } from '../../src/lockout/fleet_attempts.ts'
import type { Fleet } from '../../src/lockout/lockouts.ts'
import { lockoutPrefix, RedisAttempts } from '../../src/lockout/redis_attempts.ts'
import type { Subject } from '../../src/lockout/subject.ts'
import { RedisConnection } from '../../src/redis/redis_connection.ts'
import { describeAttemptStore, limit, newSubjects } from '../support/attempt_store_contract.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { eventually } from '../unit/revocation/fixture.ts'

const keyPrefix = 'test:'

describe('failed attempts in Redis', function () {
  this.timeout(20_000)
  let server: RunningRedis
  let client: Redis
  let connection: RedisConnection
  let store: RedisAttempts
  const fleets: Fleet[] = []

  before(async () => {
    server = await startRedis(await findRedis(() => {}))
    client = new Redis(server.url).on('error', () => {})
    connection = new RedisConnection(options())
    await eventually(() => connection.ready)
    store = new RedisAttempts(connection, { keyPrefix })
  })
  after(async () => {
    client.disconnect()
    store.close()
    await server.stop()
  })
  afterEach(() => {
    for (const fleet of fleets.splice(0)) fleet.close()
  })

  const options = () => ({
    topology: { kind: 'single', endpoint: { host: '127.0.0.1', port: server.port } } as const,
    ...{ commandTimeoutMs: 50, connectTimeoutMs: 1_000, maxReconnectMs: 200, keyPrefix },
  })
  const lock = async (subjects: readonly Subject[], at = Date.now()) => {
    for (let i = 0; i < limit.attempts; i++)
      await store.record(
        subjects.map((subject) => ({ subject, limit })),
        at,
      )
  }
  const namesOf = (pattern: string) => client.keys(`${lockoutPrefix(keyPrefix)}${pattern}`)

  describeAttemptStore('as every store', () => store)

  it('run out by themselves, the list of locks too', async () => {
    await client.flushall()
    await lock(newSubjects())
    const names = await namesOf('*')
    expect(names).to.have.length(4)
    for (const name of names) expect(await client.pttl(name), name).to.be.within(1, 71_000)
  })

  it('hold no ClientKey', async () => {
    await client.flushall()
    await lock(newSubjects())
    const [subject] = newSubjects() as [Subject]
    const dumped = await Promise.all((await namesOf('1:*')).map(async (name) => [name, await client.hgetall(name)]))
    const listed = await client.zrange(`${lockoutPrefix(keyPrefix)}locks`, '0', '-1')
    expect(JSON.stringify([dumped, listed])).not.to.match(/key-\d/)
    expect(subject.id).to.match(/^client_key:[\w-]{43}$/)
  })

  it('are counted anew where rubbish stands in their place', async () => {
    await client.flushall()
    const subjects = newSubjects()
    const [one, other] = subjects as [Subject, Subject]
    await client.set(`${lockoutPrefix(keyPrefix)}1:${one.id}`, 'rubbish')
    await client.hset(`${lockoutPrefix(keyPrefix)}1:${other.id}`, {
      ...{ failures: 'many', windowUntil: '9e99', locks: '1', lockedUntil: '9e99', forgottenAt: '9e99' },
    })
    await client.set(`${lockoutPrefix(keyPrefix)}locks`, 'rubbish')
    await lock(subjects)
    expect((await store.locks(Date.now()))?.map(({ subject }) => subject.id).sort()).to.deep.equal(
      subjects.map(({ id }) => id).sort(),
    )
  })

  it('are told to every process of the fleet, to one that comes later as well, and lifted in all', async () => {
    await client.flushall()
    const told: string[] = []
    const join = (name: string): Fleet => {
      const fleet = openFleet(options(), {
        onLocked: ({ subject }: Lock) => void told.push(`${name} locked ${subject.kind}`),
        onLifted: (ids) => void told.push(`${name} lifted ${ids.size}`),
        clock: () => new Date(),
      })
      fleets.push(fleet)
      return fleet
    }
    const subscribers = async (count: number) =>
      eventually(async () => {
        const [, subscribed] = await client.pubsub('NUMSUB', `${lockoutPrefix(keyPrefix)}changes`)
        return subscribed === count
      })
    join('one')
    await subscribers(1)
    const [subject] = newSubjects() as [Subject]
    await lock([subject])
    await eventually(() => told.includes('one locked client_key'))
    join('late')
    await eventually(() => told.includes('late locked client_key'))
    expect(await store.lift([subject])).to.equal(true)
    await eventually(() => told.includes('one lifted 1') && told.includes('late lifted 1'))
    expect(await store.locks(Date.now())).to.deep.equal([])
  })

  it('cannot be counted while Redis hangs, or is gone, and can be once it is back', async () => {
    const [subject] = newSubjects() as [Subject]
    const record = () => store.record([{ subject, limit }], Date.now())
    server.pause()
    try {
      expect(await record()).to.equal(undefined)
      expect(await store.lift([subject])).to.equal(false)
    } finally {
      server.resume()
    }
    await server.restart()
    await eventually(() => connection.ready)
    expect((await record())?.[0]).to.include({ failures: 1 })
  })
})
