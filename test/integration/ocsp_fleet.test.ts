import { expect } from 'chai'
import { Redis } from 'ioredis'
import type { RevocationStatus } from '../../src/domain/evidence.ts'
import { RedisConnection, redisFromUrl } from '../../src/redis/redis_connection.ts'
import { RedisLeases } from '../../src/revocation/lease.ts'
import { openRevocation } from '../../src/revocation/open_revocation.ts'
import type { RevocationOptions } from '../../src/revocation/options.ts'
import type { OcspRevocation } from '../../src/revocation/revocation.ts'
import { Subjects } from '../../src/revocation/subject.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { answering, type ReceivedRequest, slowly, status, TestResponder } from '../support/test_responder.ts'
import { defaults, eventually, type Registered, register, responseFor } from '../unit/revocation/fixture.ts'

const keyPrefix = 'test:'

/** Processes of one fleet, here in one: each has its own memory, connections and refresher, and only Redis in common. */
describe('a fleet with a Redis', () => {
  let server: RunningRedis
  let client: Redis
  let responder: TestResponder
  const opened: OcspRevocation[] = []
  const now = (): Date => new Date()

  before(async () => {
    server = await startRedis(await findRedis(() => {}))
    client = new Redis(server.url).on('error', () => {})
  })
  after(async () => {
    client.disconnect()
    await server.stop()
  })
  beforeEach(async () => {
    await client.flushall()
    responder = await TestResponder.start()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((revocation) => revocation.close()))
    await responder.stop()
  })

  const redisOptions = () => ({
    ...redisFromUrl(server.url)!,
    ...{ commandTimeoutMs: 100, connectTimeoutMs: 1_000, maxReconnectMs: 100, keyPrefix },
  })
  const refresh = { at: 0.5, jitter: 0.1, retryMs: 200, maxRetryMs: 1_000, rate: 500 }

  /** Resolves once all are connected. */
  async function fleetOf(count: number, changes: Partial<RevocationOptions> = {}): Promise<OcspRevocation[]> {
    const options = { ...defaults, refresh, ...changes, cache: { ...defaults.cache, redis: redisOptions() } }
    const fleet = Array.from({ length: count }, () => openRevocation(options, { clock: now }))
    opened.push(...fleet)
    await eventually(async () =>
      String(await client.call('PUBSUB', 'NUMSUB', `${keyPrefix}ocsp:purge`)).endsWith(`,${count}`),
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    return fleet
  }

  const registeredMany = (count: number): Registered[] =>
    Array.from({ length: count }, () => register({ ocspUrls: [responder.url], now: now() }))
  const wholeSecond = (ms: number): Date => new Date(Math.floor(ms / 1_000) * 1_000)

  /** Answers for whichever certificate is asked about, for this long. */
  const answeringFor = (many: readonly Registered[], validityMs: number) =>
    answering((request) => {
      const asked = many.find((each) => isAbout(request, each))!
      const thisUpdate = wholeSecond(Date.now())
      return responseFor(asked, { thisUpdate, nextUpdate: wholeSecond(Date.now() + validityMs) })
    })
  const isAbout = ({ der }: ReceivedRequest, { issued }: Registered): boolean =>
    der.includes(Buffer.from(issued.serialNumber, 'hex'))
  const requestsFor = (each: Registered): number =>
    responder.requests.filter((request) => isAbout(request, each)).length
  const ask = (revocation: OcspRevocation, { certificate }: Registered): RevocationStatus | Promise<RevocationStatus> =>
    revocation.statusOf(certificate, now())
  const certificatesOf = (many: readonly Registered[]) => many.map(({ certificate }) => certificate)
  const keyOf = ({ certificate }: Registered): string => new Subjects(defaults).of(certificate).key
  const waits = (fleet: readonly OcspRevocation[]): number =>
    fleet.reduce((sum, { statistics }) => sum + statistics.waits, 0)

  describe('one cold certificate', () => {
    it('costs one request to the responder, however many of the fleet are asked at once', async () => {
      const [registered] = registeredMany(1)
      responder.behaviour = slowly(100, answeringFor([registered!], 60_000))
      const fleet = await fleetOf(4)
      const asked = fleet.flatMap((revocation) => Array.from({ length: 50 }, () => ask(revocation, registered!)))
      const statuses = await Promise.all(asked)
      expect(statuses.map(({ status }) => status)).to.deep.equal(Array(200).fill('good'))
      expect(responder.requests).to.have.length(1)
      expect(waits(fleet), 'all of them waited for a responder').to.equal(200)
    })

    it('costs one request too where the responder fails', async () => {
      const [registered] = registeredMany(1)
      responder.behaviour = slowly(100, status(500))
      const statuses = await Promise.all((await fleetOf(4)).map((revocation) => ask(revocation, registered!)))
      expect(statuses.map(({ status }) => status)).to.deep.equal(Array(4).fill('unavailable'))
      expect(responder.requests).to.have.length(1)
    })

    it('has its answer within the deadline where the process that was asking died', async () => {
      const [registered] = registeredMany(1)
      responder.behaviour = answeringFor([registered!], 60_000)
      const [revocation] = await fleetOf(1)
      const connection = new RedisConnection(redisOptions())
      await eventually(() => connection.ready)
      const dead = new RedisLeases(connection, { keyPrefix, leaseMs: 3_000 })
      expect(await dead.acquire(keyOf(registered!), 0)).to.include({ status: 'granted' })
      connection.close()

      const started = performance.now()
      expect(await ask(revocation!, registered!)).to.include({ status: 'good', tier: 'responder' })
      expect(performance.now() - started).to.be.within(defaults.timeoutMs / 2 - 5, defaults.timeoutMs)
    })

    const rubbish: [string, (name: string) => Promise<unknown>][] = [
      ['no lease', (name) => client.set(name, 'rubbish', 'PX', 60_000)],
      ['a lease without an end', (name) => client.set(name, 'a'.repeat(32))],
      ['a lease that lasts too long', (name) => client.set(name, 'a'.repeat(32), 'PX', 3_600_000)],
      ['a word of quiet', (name) => client.set(name, 'quiet', 'PX', 60_000)],
      ['a list', (name) => client.lpush(name, 'rubbish')],
    ]
    for (const [what, planted] of rubbish) {
      it(`waits for nobody where ${what} stands in the place of a lease`, async () => {
        const [registered] = registeredMany(1)
        responder.behaviour = answeringFor([registered!], 60_000)
        await planted(`${keyPrefix}ocsp:lease:${keyOf(registered!)}`)
        const [revocation] = await fleetOf(1)
        const started = performance.now()
        expect(await ask(revocation!, registered!)).to.include({ status: 'good' })
        expect(performance.now() - started).to.be.below(defaults.timeoutMs / 2)
      })
    }
  })

  describe('the refresher', () => {
    it('asks once a cycle for eight processes, and nobody waits', async function () {
      this.timeout(30_000)
      const many = registeredMany(40)
      const validityMs = 6_000
      responder.behaviour = answeringFor(many, validityMs)
      const fleet = await fleetOf(8)
      for (const revocation of fleet) revocation.refresher.register(certificatesOf(many))
      await eventually(() => fleet.every((each) => many.every((one) => !(ask(each, one) instanceof Promise))))
      const cold = waits(fleet)
      const before = many.map(requestsFor)
      const endsAt = Date.now() + 9_500
      while (Date.now() < endsAt) {
        for (const revocation of fleet)
          for (const each of many) expect(ask(revocation, each)).to.include({ status: 'good', tier: 'memory' })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      expect(waits(fleet) - cold).to.equal(0)
      // An answer lasts 5 to 6 seconds here, in whole ones: 9.5 seconds are three to four cycles, and a bit of jitter.
      const cycles = many.map((each, index) => requestsFor(each) - before[index]!)
      const mean = cycles.reduce((sum, count) => sum + count, 0) / many.length
      expect(mean).to.be.within(3, 4.5)
      expect(Math.max(...cycles)).to.be.at.most(5)
    })

    it('asks once for all at the start, at the pace of one', async () => {
      const many = registeredMany(30)
      responder.behaviour = answeringFor(many, 600_000)
      const fleet = await fleetOf(4, { refresh: { ...refresh, rate: 50 } })
      const started = performance.now()
      for (const revocation of fleet) revocation.refresher.register(certificatesOf(many))
      await eventually(() => fleet.every((each) => many.every((one) => !(ask(each, one) instanceof Promise))))
      expect(performance.now() - started).to.be.greaterThan(0.9 * 600)
      expect(many.map(requestsFor)).to.deep.equal(Array(30).fill(1))
    })

    it('takes over from a process that died with a lease', async () => {
      const [registered] = registeredMany(1)
      responder.behaviour = answeringFor([registered!], 60_000)
      const connection = new RedisConnection(redisOptions())
      await eventually(() => connection.ready)
      await new RedisLeases(connection, { keyPrefix, leaseMs: 1_000 }).acquire(keyOf(registered!), 0)
      connection.close()
      const [revocation] = await fleetOf(1)
      revocation!.refresher.register([registered!.certificate])
      await eventually(() => responder.requests.length === 1)
      expect(revocation!.statistics.leases.taken).to.be.greaterThan(0)
    })

    it('asks a responder that is down once for the whole fleet, with growing pauses', async () => {
      const [registered] = registeredMany(1)
      responder.behaviour = status(500)
      const fleet = await fleetOf(4)
      for (const revocation of fleet) revocation.refresher.register([registered!.certificate])
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      // Pauses of 0.1 to 0.2, 0.2 to 0.4, 0.4 to 0.8 and 0.5 to 1 seconds.
      expect(responder.requests.length).to.be.within(3, 6)
    })

    it('looks after each process by itself while Redis is gone', async function () {
      this.timeout(30_000)
      const many = registeredMany(10)
      responder.behaviour = answeringFor(many, 4_000)
      const fleet = await fleetOf(3)
      for (const revocation of fleet) revocation.refresher.register(certificatesOf(many))
      await eventually(() => fleet.every((each) => many.every((one) => !(ask(each, one) instanceof Promise))))
      const cold = waits(fleet)
      const before = responder.requests.length
      await server.kill()
      try {
        const endsAt = Date.now() + 6_000
        while (Date.now() < endsAt) {
          for (const revocation of fleet)
            for (const each of many) expect(ask(revocation, each)).to.include({ status: 'good', tier: 'memory' })
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      } finally {
        await server.restart()
      }
      expect(waits(fleet) - cold).to.equal(0)
      expect(responder.requests.length - before, 'each process asked').to.be.greaterThan(3 * 10)
      const asked = fleet.map(({ statistics }) => statistics.responder.inquiries)
      expect(Math.min(...asked)).to.be.greaterThan(10)
    })
  })

  describe('a purge', () => {
    it('reaches every process, and Redis, and all ask anew, once', async () => {
      const many = registeredMany(4)
      responder.behaviour = answeringFor(many, 600_000)
      const fleet = await fleetOf(3)
      for (const revocation of fleet) revocation.refresher.register(certificatesOf(many))
      await eventually(() => fleet.every((each) => many.every((one) => !(ask(each, one) instanceof Promise))))
      const [purged, ...others] = many

      const selection = { kind: 'certificate', sha256: purged!.certificate.leaf.sha256 } as const
      expect(await fleet[1]!.control.purge(selection)).to.deep.equal({ certificates: 1, fleet: true })
      await eventually(() => requestsFor(purged!) === 2)
      await eventually(() => fleet.every((each) => !(ask(each, purged!) instanceof Promise)))
      expect(requestsFor(purged!)).to.equal(2)
      expect(others.map(requestsFor)).to.deep.equal([1, 1, 1])

      const issuer = { kind: 'issuer', sha256: purged!.certificate.chain[0].sha256 } as const
      expect(await fleet[0]!.control.purge(issuer)).to.deep.equal({ certificates: 4, fleet: true })
      await eventually(() => many.every((each) => requestsFor(each) >= 2))
      expect(await fleet[0]!.control.purge({ kind: 'all' })).to.deep.equal({ certificates: 4, fleet: true })
      expect(await fleet[0]!.control.purge({ ...issuer, sha256: 'x' })).to.deep.equal({ certificates: 0, fleet: true })
    })

    it('is heard again after Redis was restarted, and says so where Redis is away', async () => {
      const [registered] = registeredMany(1)
      responder.behaviour = answeringFor([registered!], 600_000)
      const fleet = await fleetOf(2)
      for (const revocation of fleet) revocation.refresher.register([registered!.certificate])
      await eventually(() => fleet.every((each) => !(ask(each, registered!) instanceof Promise)))
      await server.kill()
      await eventually(async () => !(await fleet[0]!.control.purge({ kind: 'all' })).fleet)
      await server.restart()
      await eventually(async () =>
        String(await client.call('PUBSUB', 'NUMSUB', `${keyPrefix}ocsp:purge`)).endsWith(',2'),
      )
      await eventually(() => fleet.every((each) => !(ask(each, registered!) instanceof Promise)))
      const before = requestsFor(registered!)
      await eventually(async () => (await fleet[0]!.control.purge({ kind: 'all' })).fleet)
      await eventually(() => requestsFor(registered!) > before)
      const [, other] = fleet
      await eventually(() => other!.control.entries(now())[0]?.status === 'good')
    })

    it('is not deceived by rubbish on its channel', async () => {
      const [registered] = registeredMany(1)
      responder.behaviour = answeringFor([registered!], 600_000)
      const [revocation] = await fleetOf(1)
      revocation!.refresher.register([registered!.certificate])
      await eventually(() => !(ask(revocation!, registered!) instanceof Promise))
      for (const message of ['', 'rubbish', '{}', 'null', '[1,null,{}]', '["other"]', `["${'x'.repeat(200_000)}"]`])
        await client.publish(`${keyPrefix}ocsp:purge`, message)
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(ask(revocation!, registered!)).to.include({ status: 'good', tier: 'memory' })
    })
  })

  it('knows after a restart what was last revoked, though the answer may no longer be used', async () => {
    const [registered] = registeredMany(1)
    const revoked = { status: 'revoked', thisUpdate: wholeSecond(Date.now()) } as const
    responder.behaviour = answering(
      responseFor(registered!, { ...revoked, nextUpdate: wholeSecond(Date.now() + 2_000) }),
    )
    const [first] = await fleetOf(1)
    expect(await ask(first!, registered!)).to.include({ status: 'revoked' })
    await eventually(async () => (await client.exists(`${keyPrefix}ocsp:2:${keyOf(registered!)}`)) === 1)
    await first!.close()
    opened.pop()
    responder.behaviour = status(500)
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    const [later] = await fleetOf(1, { onUnavailable: 'allow' })
    expect(await ask(later!, registered!)).to.include({ status: 'unavailable', lastRevoked: true, tolerated: true })
    expect(later!.statistics.redis).to.include({ rejected: 0 })
    // A hold that was lifted ends it.
    responder.behaviour = answeringFor([registered!], 600_000)
    expect(await later!.refresh(registered!.certificate)).to.include({ status: 'answered' })
    expect(ask(later!, registered!)).to.include({ status: 'good' })
  })
})
