import { expect } from 'chai'
import { Redis } from 'ioredis'
import type { RevocationStatus } from '../../src/domain/evidence.ts'
import { RedisConnection, type RedisConnectionOptions, redisFromUrl } from '../../src/redis/redis_connection.ts'
import { answerOrder, instantText } from '../../src/revocation/answer_cache.ts'
import type { RevocationOptions } from '../../src/revocation/options.ts'
import { RedisCache } from '../../src/revocation/redis_cache.ts'
import type { OcspRevocation } from '../../src/revocation/revocation.ts'
import { Subjects } from '../../src/revocation/subject.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { answering, slowly, status, TestResponder } from '../support/test_responder.ts'
import {
  answerFor,
  defaults,
  eventually,
  inMinutes,
  minuteMs,
  openProcess,
  type Registered,
  register,
  responseFor,
  stranger,
  TestClock,
} from '../unit/revocation/fixture.ts'

const commandTimeoutMs = 50
const limits = { commandTimeoutMs, connectTimeoutMs: 1_000, maxReconnectMs: 200 }

describe('redis cache', () => {
  let server: RunningRedis
  let client: Redis
  const connections: RedisConnection[] = []

  before(async () => {
    server = await startRedis(await findRedis(() => {}))
    client = new Redis(server.url).on('error', () => {})
  })
  after(async () => {
    client.disconnect()
    await server.stop()
  })
  beforeEach(() => client.flushall())
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.close()
  })

  async function connected(changes: Partial<RedisConnectionOptions> = {}): Promise<RedisConnection> {
    const endpoint = { host: '127.0.0.1', port: server.port }
    const connection = new RedisConnection({ topology: { kind: 'single', endpoint }, ...limits, ...changes })
    connections.push(connection)
    await eventually(() => connection.ready)
    return connection
  }
  const cacheOf = async (): Promise<RedisCache> => new RedisCache(await connected(), { keyPrefix: 'test:' })
  const name = 'test:ocsp:2:a'

  describe('an entry', () => {
    const registered = register()
    const answer = answerFor(registered)

    it('is the signed DER behind its order and the end of its use, and expires', async () => {
      const cache = await cacheOf()
      expect(await cache.read('a')).to.deep.equal({ status: 'absent' })
      await cache.write('a', answer, inMinutes(60), 60_000.9)
      const stored = await client.getBuffer(name)
      expect(stored).to.deep.equal(entry(answerOrder(answer), answer.der, inMinutes(60)))
      expect(await client.pttl(name)).to.be.within(59_000, 60_000)
      const read = await cache.read('a')
      const claimed = { claimedOrder: answerOrder(answer), claimedUntil: inMinutes(60) }
      expect(read).to.deep.include({ status: 'found', der: Buffer.from(answer.der), ...claimed })
    })

    it('is not replaced by an older answer, and by a later one it is', async () => {
      const cache = await cacheOf()
      const der = async () => (await client.getBuffer(name))?.subarray(headLength)
      const [older, newer] = [inMinutes(-61), inMinutes(-59)].map((thisUpdate) => answerFor(registered, { thisUpdate }))
      await cache.write('a', answer, inMinutes(60), 60_000)
      await cache.write('a', older!, inMinutes(60), 60_000)
      expect(await der()).to.deep.equal(Buffer.from(answer.der))
      await cache.write('a', newer!, inMinutes(60), 60_000)
      expect(await der()).to.deep.equal(Buffer.from(newer!.der))
    })

    it('that is rubbish is told apart, and replaced', async () => {
      const cache = await cacheOf()
      const plant: (() => Promise<unknown>)[] = [
        () => client.set(name, 'x'),
        () => client.set(name, 'z'.repeat(1_000)),
        () => client.set(name, `${'9'.repeat(headLength)}${'x'.repeat(70_000)}`),
        () => client.lpush(name, 'x'),
        () => client.hset(name, 'x', 'y'),
      ]
      for (const planted of plant) {
        await client.del(name)
        await planted()
        const read = await cache.read('a')
        expect(read, planted.toString()).to.include({ status: 'rubbish' })
        if (read.status === 'rubbish') await cache.discard('a', read)
        await cache.write('a', answer, inMinutes(60), 60_000)
        expect(await cache.read('a')).to.include({ status: 'found' })
      }
    })

    it('that is huge is not read whole', async () => {
      const cache = await cacheOf()
      await client.set(name, Buffer.alloc(50_000_000, '9'))
      const read = await cache.read('a')
      expect(read).to.include({ status: 'rubbish' })
      expect(read.status === 'rubbish' && read.stored.length).to.be.below(70_000)
    })

    it('is discarded only while it is the one that was read', async () => {
      const cache = await cacheOf()
      await client.set(name, `${'9'.repeat(headLength)}rubbish`)
      const read = await cache.read('a')
      await client.set(name, `${'9'.repeat(headLength)}other rubbish`)
      if (read.status !== 'found') expect.fail(read.status)
      await cache.discard('a', read)
      expect(await client.exists(name)).to.equal(1)
      await client.set(name, `${'9'.repeat(headLength)}rubbish`)
      await cache.discard('a', read)
      expect(await client.exists(name)).to.equal(0)
    })

    it('that has no time left is not written', async () => {
      const cache = await cacheOf()
      await cache.write('a', answer, inMinutes(60), 0)
      await cache.write('a', answer, inMinutes(60), -1)
      expect(await client.exists(name)).to.equal(0)
    })
  })

  describe('the connection', () => {
    it('has a user and a password, which appear nowhere', async () => {
      await client.call('ACL', 'SETUSER', 'authz', 'on', '>right-secret', '~*', '+@all')
      const parsed = redisFromUrl(`redis://authz:right-secret@127.0.0.1:${server.port}/0`)
      const connection = await connected(parsed)
      expect(await connection.run('ACL', (redis) => redis.call('ACL', 'WHOAMI'))).to.deep.equal({
        ...{ status: 'replied', reply: 'authz' },
      })

      const errors: string[] = []
      const endpoint = { host: '127.0.0.1', port: server.port }
      const refused = new RedisConnection({
        ...{ ...limits, topology: { kind: 'single', endpoint }, username: 'authz', password: 'wrong-secret' },
        onError: (message) => void errors.push(message),
      })
      connections.push(refused)
      await eventually(() => errors.length > 0)
      expect(errors.join()).to.include('WRONGPASS').and.not.include('wrong-secret')
      expect(await refused.run('PING', (redis) => redis.ping())).to.deep.equal({
        status: 'failed',
        cause: 'not connected',
      })
    })

    it('reads a URL, and refuses what is none', () => {
      const topology = (host: string, port: number) => ({ kind: 'single', endpoint: { host, port } })
      expect(redisFromUrl('rediss://u%40x:p%2F@redis.example.com:6380/2')).to.deep.equal({
        ...{ topology: topology('redis.example.com', 6380), username: 'u@x', password: 'p/', database: 2 },
        tls: { servername: 'redis.example.com' },
      })
      expect(redisFromUrl('redis://[::1]')).to.deep.include({ topology: topology('::1', 6379), database: 0 })
      for (const text of ['', 'redis.example.com', 'http://redis.example.com', 'redis://h/x', 'redis:///0'])
        expect(redisFromUrl(text), text).to.equal(undefined)
    })
  })

  describe('a fleet', () => {
    let responder: TestResponder
    let registered: Registered
    let clock: TestClock
    let key: string
    const fleet: OcspRevocation[] = []

    const processOf = async (changes: Partial<RevocationOptions> = {}) => {
      const revocation = openProcess(clock, changes, { shared: await cacheOf() })
      fleet.push(revocation)
      return revocation
    }
    const ask = (revocation: OcspRevocation): RevocationStatus | Promise<RevocationStatus> =>
      revocation.statusOf(registered.certificate, clock.now)
    beforeEach(async () => {
      clock = new TestClock()
      responder = await TestResponder.start()
      registered = register({ ocspUrls: [responder.url] })
      responder.behaviour = answering(responseFor(registered))
      key = `test:ocsp:2:${new Subjects(defaults).of(registered.certificate).key}`
    })
    afterEach(async () => {
      await Promise.all(fleet.splice(0).map((revocation) => revocation.close()))
      await responder.stop()
    })

    it('asks once, and shares the answer', async () => {
      const [first, second] = [await processOf(), await processOf()]
      expect(await ask(first)).to.include({ status: 'good', tier: 'responder' })
      await eventually(async () => (await client.exists(key)) === 1)
      const found = await ask(second)
      expect(found).to.include({ status: 'good', tier: 'redis' })
      expect(found.status === 'good' && found.usableUntil).to.be.within(inMinutes(23 * 60 - 0.1), inMinutes(23 * 60))
      expect(ask(second)).to.include({ status: 'good', tier: 'memory' })
      expect(responder.requests).to.have.length(1)
      expect(second.statistics).to.deep.include({ waits: 0 })
      expect(second.statistics.redis).to.include({ hits: 1, misses: 0, rejected: 0 })
    })

    it('shares a revocation until its cap, which passing it on does not extend', async () => {
      responder.behaviour = answering(responseFor(registered, { status: 'revoked' }))
      const [first, second] = [await processOf(), await processOf()]
      await ask(first)
      await eventually(async () => (await client.exists(key)) === 1)
      const answer = answerFor(registered, { status: 'revoked' })
      await client.set(key, entry(answerOrder(answer), answer.der, inMinutes(10)))
      const found = await ask(second)
      expect(found).to.include({ status: 'revoked', tier: 'redis' })
      expect(found.status === 'revoked' && found.usableUntil).to.deep.equal(inMinutes(10))
    })

    const poison: [string, string, (registered: Registered) => Buffer][] = [
      ["another certificate's answer", 'cert_id_mismatch', () => entry(latest, responseFor(register()))],
      ['an expired answer', 'expired', (of) => entry(latest, responseFor(of, { nextUpdate: inMinutes(-1) }))],
      [
        "a stranger's answer",
        'responder_not_authorized',
        (of) => entry(latest, responseFor(of, { responder: stranger.certificate })),
      ],
      ['a forged answer', 'signature_invalid', (of) => entry(latest, responseFor(of, { signature: 'forged' }))],
      ['an unsigned error', 'not_successful', (of) => entry(latest, responseFor(of, { responseStatus: 3 }))],
      ['a good answer that claims to be later than it is', 'misordered', (of) => entry(latest, responseFor(of))],
      ['bytes that claim to be the latest', 'malformed', () => entry(latest, Buffer.from('rubbish'))],
      ['something else', 'unreadable', () => Buffer.from('rubbish')],
      ['something huge', 'unreadable', () => entry(latest, Buffer.alloc(5_000_000))],
    ]
    for (const [what, code, planted] of poison) {
      it(`is not deceived by ${what}, and puts the right one in its place`, async () => {
        await client.set(key, planted(registered))
        const right = responseFor(registered, { status: 'revoked' })
        responder.behaviour = answering(right)
        const revocation = await processOf()
        expect(await ask(revocation)).to.include({ status: 'revoked', tier: 'responder' })
        expect(revocation.rejected.map(({ tier, code }) => [tier, code])).to.deep.equal([['redis', code]])
        expect(revocation.statistics.redis).to.include({ hits: 0, rejected: 1 })
        await eventually(async () => (await client.getBuffer(key))?.subarray(headLength).equals(right) === true)
        expect(await ask(await processOf())).to.include({ status: 'revoked', tier: 'redis' })
      })
    }

    it('does not go back to an older answer where a later one was seen', async () => {
      const revocation = await processOf()
      responder.behaviour = answering(responseFor(registered, { status: 'revoked', thisUpdate: inMinutes(-10) }))
      await ask(revocation)
      await eventually(async () => (await client.exists(key)) === 1)
      const older = answerFor(registered, { thisUpdate: inMinutes(-20) })
      await client.set(key, entry(answerOrder(older), older.der))
      clock.now = inMinutes(60)
      responder.behaviour = status(500)
      expect(await ask(revocation)).to.include({ status: 'unavailable', lastRevoked: true })
      expect(revocation.rejected.map(({ code }) => code)).to.deep.equal(['older_than_known'])
    })

    it('uses nothing past its nextUpdate, skew or not', async () => {
      const revocation = await processOf({ skewMs: 5 * minuteMs })
      const answer = answerFor(registered, { nextUpdate: inMinutes(30) })
      await client.set(key, entry(answerOrder(answer), answer.der))
      clock.now = inMinutes(30)
      responder.behaviour = status(500)
      expect(await ask(revocation)).to.include({ status: 'unavailable' })
      expect(responder.requests).to.have.length(1)
    })

    it('finds an answer that a neighbour got where its own attempt just failed', async () => {
      const revocation = await processOf()
      responder.behaviour = status(500)
      expect(await ask(revocation)).to.include({ status: 'unavailable' })
      const answer = answerFor(registered)
      await client.set(key, entry(answerOrder(answer), answer.der), 'PX', 60_000)
      expect(await ask(revocation)).to.include({ status: 'good', tier: 'redis' })
      expect(responder.requests).to.have.length(1)
    })

    /** No answer of these takes longer than one command's deadline, with room for the responder itself. */
    async function asksInTime(revocation: OcspRevocation): Promise<RevocationStatus> {
      const started = performance.now()
      const found = await ask(revocation)
      expect(performance.now() - started).to.be.below(commandTimeoutMs + 150)
      return found
    }

    it('answers where Redis hangs: one deadline later, and soon without it', async () => {
      const revocation = await processOf()
      server.pause()
      try {
        for (let i = 0; i < 3; i++) {
          registered = register({ ocspUrls: [responder.url] })
          responder.behaviour = answering(responseFor(registered))
          expect(await asksInTime(revocation)).to.include({ status: 'good', tier: 'responder' })
        }
        registered = register({ ocspUrls: [responder.url] })
        responder.behaviour = answering(responseFor(registered))
        const started = performance.now()
        expect(await ask(revocation)).to.include({ status: 'good' })
        expect(performance.now() - started).to.be.below(commandTimeoutMs)
        expect(revocation.statistics.redis).to.include({ failures: 4 })
      } finally {
        server.resume()
      }
    })

    it('uses Redis again once it no longer hangs', async () => {
      const connection = await connected()
      server.pause()
      for (let i = 0; i < 5; i++)
        expect(await connection.run('PING', (redis) => redis.ping())).to.include({ status: 'failed' })
      server.resume()
      await eventually(async () => (await connection.run('PING', (redis) => redis.ping())).status === 'replied')
    })

    it('answers where Redis was killed, waits for no reconnection, and shares again once it is back', async () => {
      const revocation = await processOf()
      const cache = await cacheOf()
      await ask(revocation)
      await server.kill()
      try {
        await eventually(async () => (await cache.read('a')).status === 'failed')
        const started = performance.now()
        for (let i = 0; i < 20; i++) expect(await cache.read('a')).to.include({ status: 'failed' })
        expect(performance.now() - started).to.be.below(commandTimeoutMs)

        const known = registered
        registered = register({ ocspUrls: [responder.url] })
        responder.behaviour = answering(responseFor(registered))
        expect(await asksInTime(revocation)).to.include({ status: 'good', tier: 'responder' })
        expect(revocation.statusOf(known.certificate, clock.now)).to.include({ status: 'good', tier: 'memory' })
      } finally {
        await server.restart()
      }
      await eventually(async () => (await cache.read('a')).status === 'absent')
      await eventually(async () => {
        await revocation.refresh(registered.certificate)
        return (await client.dbsize()) === 1
      })
    })

    it('answers the same where Redis was flushed', async () => {
      const revocation = await processOf()
      await ask(revocation)
      await eventually(async () => (await client.exists(key)) === 1)
      await client.flushall()
      expect(ask(revocation)).to.include({ status: 'good', tier: 'memory' })
      expect(await ask(await processOf())).to.include({ status: 'good', tier: 'responder' })
    })

    it('answers where Redis was never there', async () => {
      const endpoint = { host: '127.0.0.1', port: 1 }
      const connection = new RedisConnection({ topology: { kind: 'single', endpoint }, ...limits })
      connections.push(connection)
      const revocation = openProcess(clock, {}, { shared: new RedisCache(connection, { keyPrefix: 'test:' }) })
      fleet.push(revocation)
      expect(await asksInTime(revocation)).to.include({ status: 'good', tier: 'responder' })
    })

    it('does not make requests wait for Redis to be written to', async () => {
      const revocation = await processOf()
      responder.behaviour = slowly(30, (request, response) => {
        server.pause()
        answering(responseFor(registered))(request, response)
      })
      try {
        const started = performance.now()
        expect(await ask(revocation)).to.include({ status: 'good', tier: 'responder' })
        expect(performance.now() - started).to.be.below(30 + commandTimeoutMs)
      } finally {
        server.resume()
      }
    })
  })
})

/** Claims to be later than anything. */
const latest = '9'.repeat(30)
const headLength = 45

/** What stands in Redis: until when it may be used is far away, unless told otherwise. */
const entry = (order: string, der: Uint8Array, until = inMinutes(24 * 60)): Buffer =>
  Buffer.concat([Buffer.from(order + instantText(until)), der])
