import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { ocspGet } from '../../src/cli/ocsp_get.ts'
import { ocspPurge } from '../../src/cli/ocsp_purge.ts'
import { RedisConnection, redisFromUrl } from '../../src/redis/redis_connection.ts'
import { purgeChannel, purgedKeys } from '../../src/revocation/fleet_memory.ts'
import { RedisCache } from '../../src/revocation/redis_cache.ts'
import { Subjects } from '../../src/revocation/subject.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { run, writeConfig } from '../unit/cli/ocsp_fixture.ts'
import { answerFor, authority, defaults, eventually, register } from '../unit/revocation/fixture.ts'

const hourMs = 3_600_000
/** The command line has a real clock: everything is laid around it. */
const now = new Date()
const ago = (ms: number): Date => new Date(now.getTime() - ms)

describe('devapp-authz ocsp get and purge, with Redis alone', function () {
  this.timeout(60_000)
  const registered = register({ now, ocspUrls: ['http://ocsp.example.com/'] })
  const { leaf } = registered.certificate
  const { key } = new Subjects(defaults).of(registered.certificate)
  const times = { thisUpdate: ago(hourMs), producedAt: ago(hourMs), nextUpdate: ago(-hourMs) }
  const answer = answerFor(registered, times)

  const folder = temporaryFolder('ocsp-redis')
  let server: RunningRedis
  let client: Redis
  let cache: RedisCache
  let config: string

  before(async () => {
    server = await startRedis(await findRedis(() => {}))
    client = new Redis(server.url).on('error', () => {})
    const limits = { commandTimeoutMs: 1_000, connectTimeoutMs: 1_000, maxReconnectMs: 200 }
    const connection = new RedisConnection({ ...redisFromUrl(server.url)!, ...limits })
    await eventually(() => connection.ready)
    cache = new RedisCache(connection, { keyPrefix: 'test:' })
    const chain = registered.issued.pem + authority.chainPem
    const devapps = [{ id: 'acme', name: 'Acme', client_key: 'acme-key', certificates: [{ chain }] }]
    writeFileSync(join(folder.path, 'devapps.yaml'), JSON.stringify({ devapps }))
    config = writeConfig(folder.path, { ocsp: { cache: { redis: { url: server.url, key_prefix: 'test:' } } } })
  })
  after(async () => {
    cache.close()
    client.disconnect()
    await server.stop()
    folder.remove()
  })
  beforeEach(async () => {
    await client.flushall()
    await cache.write(key, answer, answer.usableUntil, hourMs)
  })

  const get = (...argv: string[]) => run(ocspGet, leaf.sha256, ...argv, '--redis', '--config', config)
  const purge = (...argv: string[]) => run(ocspPurge, ...argv, '--redis', '--config', config)
  const entry = async () => JSON.parse((await get('--json')).stdout).entry

  it('tells what the shared answer says, and writes it', async () => {
    const out = join(folder.path, 'answer.der')
    expect((await get('--out', out)).code).to.equal(0)
    expect(readFileSync(out)).to.deep.equal(Buffer.from(answer.der))
    expect(await entry()).to.include({
      ...{ sha256: leaf.sha256, status: 'good', source: 'ocsp', responder: 'http://ocsp.example.com/' },
      ...{ thisUpdate: answer.thisUpdate.toISOString(), usableUntil: answer.usableUntil.toISOString() },
    })
    expect((await entry()).devApps).to.deep.equal(['acme'])
  })

  it('finds a certificate of the registry by its serial number', async () => {
    const { code, stdout } = await run(ocspGet, leaf.serialNumber, '--redis', '--config', config)
    expect([code, stdout.split('\n')[2]]).to.deep.equal([0, `SHA-256         ${leaf.sha256}`])
  })

  it('tells an answer of another certificate for what it is', async () => {
    const other = answerFor(register({ now }), times)
    await cache.write(key, other, other.usableUntil, hourMs)
    const { status, lastError } = await entry()
    expect(status).to.equal('unavailable')
    expect(lastError.cause).to.match(/^cert_id_mismatch/)
    expect((await get('--out', join(folder.path, 'poison.der'))).code).to.equal(1)
  })

  it('tells when a revocation is kept that is no longer used', async () => {
    const revoked = answerFor(registered, { ...times, status: 'revoked' })
    await cache.write(key, revoked, ago(1_000), hourMs)
    expect(await entry()).to.include({ status: 'unavailable', source: 'ocsp', usableUntil: ago(1_000).toISOString() })
  })

  it('tells that there is none', async () => {
    await client.flushall()
    expect(await entry()).to.include({ status: 'pending', source: null })
  })

  it('removes the answer, and tells every process that listens', async () => {
    const process = new Redis(server.url)
    await process.subscribe(purgeChannel('test:'))
    const heard = once(process, 'message')
    const { code, stdout, stderr } = await purge('--cert', leaf.serialNumber, '--json')
    expect([code, stderr, JSON.parse(stdout)]).to.deep.equal([0, '', { certificates: 1, fleet: true }])
    expect(await cache.read(key)).to.deep.equal({ status: 'absent' })
    expect(purgedKeys((await heard)[1])).to.deep.equal([key])
    process.disconnect()
  })

  it('removes what an issuer issued, and nothing of another', async () => {
    expect((await purge('--issuer', 'dd'.repeat(32))).code).to.equal(1)
    expect(await cache.read(key)).to.have.property('status', 'found')
    expect((await purge('--issuer', registered.certificate.chain[0].sha256)).code).to.equal(0)
    expect(await cache.read(key)).to.deep.equal({ status: 'absent' })
  })

  it('says that Redis cannot be reached, without its password', async () => {
    const away = { url: 'redis://user:secret@127.0.0.1:1/0' }
    const file = writeConfig(folder.path, { ocsp: { cache: { redis: away } } })
    const { code, stderr } = await run(ocspGet, leaf.sha256, '--redis', '--config', file)
    config = writeConfig(folder.path, { ocsp: { cache: { redis: { url: server.url, key_prefix: 'test:' } } } })
    expect(code).to.equal(1)
    expect(stderr).to.contain('Redis at 127.0.0.1:1 cannot be reached').and.not.to.contain('secret')
  })
})
