import { expect } from 'chai'
import { Redis } from 'ioredis'
import { redisFromUrl } from '../../../src/redis/redis_connection.ts'
import { openRevocation } from '../../../src/revocation/open_revocation.ts'
import { findRedis, startRedis } from '../../support/redis.ts'
import { answering, TestResponder } from '../../support/test_responder.ts'
import { defaults, eventually, type Rejected, register, responseFor, TestClock } from './fixture.ts'

describe('open revocation', () => {
  it('joins client, memory and Redis as configured, and tells the observer of both', async () => {
    const redis = await startRedis(await findRedis(() => {}))
    const client = new Redis(redis.url)
    const responder = await TestResponder.start()
    const registered = register({ ocspUrls: [responder.url] })
    const clock = new TestClock()
    const seen: string[] = []
    const limits = { commandTimeoutMs: 50, connectTimeoutMs: 500, maxReconnectMs: 100, keyPrefix: 'authz:' }
    const shared = { ...redisFromUrl(redis.url)!, ...limits }
    const revocation = openRevocation(
      { ...defaults, cache: { ...defaults.cache, redis: shared } },
      {
        clock: clock.read,
        observer: {
          onFetch: ({ responder, outcome }) => void seen.push(`${responder} ${outcome}`),
          onRejected: ({ tier, code }: Rejected) => void seen.push(`${tier} ${code}`),
          onCrl: () => undefined,
          onCrlFailed: () => undefined,
        },
      },
    )

    responder.behaviour = answering(Buffer.from('rubbish'))
    expect(await revocation.statusOf(registered.certificate, clock.now)).to.include({ status: 'unavailable' })
    responder.behaviour = answering(responseFor(registered))
    // The connection to Redis comes up in the background.
    await eventually(async () => {
      await revocation.refresh(registered.certificate)
      return (await client.keys('authz:ocsp:2:sha1:*')).length === 1
    })
    expect(revocation.statusOf(registered.certificate, clock.now)).to.include({ status: 'good', tier: 'memory' })
    expect(seen.slice(0, 3)).to.deep.equal([
      `http://127.0.0.1:${responder.port} answered`,
      'responder malformed',
      `http://127.0.0.1:${responder.port} answered`,
    ])

    await revocation.close()
    expect(await revocation.refresh(registered.certificate)).to.include({ status: 'failed' })
    client.disconnect()
    await responder.stop()
    await redis.stop()
  })
})
