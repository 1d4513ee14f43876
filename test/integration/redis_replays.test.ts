import { expect } from 'chai'
import { Redis } from 'ioredis'
import { RedisConnection } from '../../src/redis/redis_connection.ts'
import { RedisReplays } from '../../src/signing/redis_replays.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { eventually } from '../unit/revocation/fixture.ts'

const limits = { commandTimeoutMs: 100, connectTimeoutMs: 1_000, maxReconnectMs: 200 }

describe('used signatures in Redis', () => {
  let server: RunningRedis
  let client: Redis
  const opened: RedisConnection[] = []

  before(async () => {
    server = await startRedis(await findRedis(() => {}))
    client = new Redis(server.url).on('error', () => {})
  })
  after(async () => {
    for (const connection of opened) connection.close()
    client.disconnect()
    await server.stop()
  })

  async function processOfFleet(): Promise<RedisReplays> {
    const endpoint = { host: '127.0.0.1', port: server.port }
    const connection = new RedisConnection({ topology: { kind: 'single', endpoint }, ...limits })
    opened.push(connection)
    await eventually(() => connection.ready)
    return new RedisReplays(connection, { keyPrefix: 'test:' })
  }

  it('are known to every process of the fleet, for as long as was said', async () => {
    const [one, other] = [await processOfFleet(), await processOfFleet()]
    expect(await one.firstUse('a', 60_000)).to.deep.equal({ status: 'new' })
    expect(await other.firstUse('a', 60_000)).to.deep.equal({ status: 'seen' })
    expect(await client.pttl('test:signature:1:a')).to.be.within(1, 60_000)
    await client.pexpire('test:signature:1:a', 1)
    await eventually(async () => (await client.exists('test:signature:1:a')) === 0)
    expect(await other.firstUse('a', 60_000)).to.deep.equal({ status: 'new' })
  })

  it('pass once where many processes are asked at the same time', async () => {
    const processes = await Promise.all(Array.from({ length: 5 }, processOfFleet))
    const asked = processes.flatMap((each) => Array.from({ length: 10 }, () => each.firstUse('burst', 60_000)))
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 'new')).to.have.length(1)
    expect(statuses.filter((status) => status === 'seen')).to.have.length(49)
  })

  it('cannot be told while Redis hangs, is away or refuses, and can when it is back', async () => {
    const replays = await processOfFleet()
    server.pause()
    expect(await replays.firstUse('b', 60_000)).to.include({ status: 'unknown' })
    server.resume()
    await eventually(async () => (await replays.firstUse('c', 60_000)).status !== 'unknown')
    await client.config('SET', 'maxmemory', '1')
    expect(await replays.firstUse('d', 60_000)).to.include({ status: 'unknown' })
    await client.config('SET', 'maxmemory', '0')
    await server.kill()
    expect(await replays.firstUse('e', 60_000)).to.include({ status: 'unknown' })
    await server.restart()
    await eventually(async () => (await replays.firstUse('e', 60_000)).status === 'new')
  })
})
