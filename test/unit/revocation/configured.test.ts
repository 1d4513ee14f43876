import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadConfig } from '../../../src/config/config.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { revocationOptions } from '../../../src/revocation/configured.ts'
import type { RevocationOptions } from '../../../src/revocation/options.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { authority } from './fixture.ts'

describe('the configuration of revocation', () => {
  let folder: ReturnType<typeof temporaryFolder>
  before(() => {
    folder = temporaryFolder('configured')
    writeFileSync(join(folder.path, 'ca.pem'), authority.certificate.pem)
    writeFileSync(join(folder.path, 'key.pem'), 'a key')
  })
  after(() => folder.remove())

  function optionsOf(ocsp: object): RevocationOptions {
    const file = {
      hostnames: { mtls: ['api.example.com'], tls: ['api2.example.com'] },
      policies: { callback: { channel: 'tls', require: [] } },
      ...{ registry: { file: 'devapps.yaml' }, ocsp },
    }
    const source = { text: JSON.stringify(file), name: 'config.yaml', folder: folder.path }
    const environment = { REDIS_PASSWORD: 's3cret' }
    return revocationOptions(loadConfig({ ...source, environment }).ocsp, () => {})
  }
  const redisOf = (redis: object) => optionsOf({ cache: { redis } }).cache.redis

  it('refreshes at half of the validity, fifty a second, and asks about the leaf alone, unless told otherwise', () => {
    expect(optionsOf({})).to.deep.include({
      refresh: { at: 0.5, rate: 50, jitter: 0.1, retryMs: 5_000, maxRetryMs: 60_000 },
      ...{ check: 'leaf', onUnavailable: 'deny', onNoSource: 'deny', delegateWithoutNocheck: 'accept' },
    })
    const refresh = { at: 0.25, rate: 10, retry: '1s', max_retry: '2s' }
    expect(optionsOf({ refresh, check: 'chain', delegate_without_nocheck: 'refuse' })).to.deep.include({
      refresh: { at: 0.25, rate: 10, jitter: 0.1, retryMs: 1_000, maxRetryMs: 2_000 },
      ...{ check: 'chain', delegateWithoutNocheck: 'refuse' },
    })
  })

  it('has what is said of an issuer under the SHA-256 of its certificate', () => {
    const { overrides } = optionsOf({ issuers: [{ certificate: 'ca.pem', on_unavailable: 'allow' }] })
    expect([...overrides]).to.deep.equal([
      [
        certificateFromDer(authority.certificate.der).sha256,
        { responder: undefined, pinned: [], onUnavailable: 'allow', onNoSource: undefined },
      ],
    ])
  })

  it('shares nothing without a Redis', () => {
    expect(optionsOf({}).cache.redis).to.equal(undefined)
  })

  it('reaches a single Redis by its URL, with TLS as the operator says', () => {
    const plain = redisOf({ url: 'redis://u:p@h:1/2' })
    expect(plain).to.deep.include({
      topology: { kind: 'single', endpoint: { host: 'h', port: 1 } },
      ...{ username: 'u', password: 'p', database: 2, tls: undefined, commandTimeoutMs: 30 },
    })
    expect(redisOf({ url: 'rediss://h', tls: { ca: 'ca.pem' } })?.tls).to.deep.equal({
      ...{ servername: 'h', ca: Buffer.from(authority.certificate.pem) },
    })
  })

  it('reaches the primary that Sentinels name', () => {
    const sentinel = { primary: 'fleet', nodes: ['s1:26379', '[::1]:2'], password: 'other' }
    expect(redisOf({ sentinel, username: 'authz', password: `\${REDIS_PASSWORD}`, database: 3 })).to.deep.include({
      topology: {
        ...{ kind: 'sentinel', primary: 'fleet', sentinelUsername: undefined, sentinelPassword: 'other' },
        sentinels: [
          { host: 's1', port: 26_379 },
          { host: '::1', port: 2 },
        ],
      },
      ...{ username: 'authz', password: 's3cret', database: 3, tls: undefined },
    })
  })

  it('reaches a Cluster, over TLS with a certificate of its own', () => {
    const tls = { certificate: 'ca.pem', key: 'key.pem', server_name: 'redis.example.com' }
    expect(redisOf({ cluster: { nodes: ['10.0.0.1:6379'] }, tls })).to.deep.include({
      topology: { kind: 'cluster', nodes: [{ host: '10.0.0.1', port: 6_379 }] },
      tls: { servername: 'redis.example.com', cert: Buffer.from(authority.certificate.pem), key: Buffer.from('a key') },
    })
    expect(redisOf({ cluster: { nodes: ['10.0.0.1:6379'] }, tls: {} })?.tls).to.deep.equal({})
  })

  const wrong: [string, object, RegExp][] = [
    ['a node without a port', { cluster: { nodes: ['h'] } }, /ocsp\.cache\.redis\.cluster\.nodes\[0\]/],
    ['a port that is none', { cluster: { nodes: ['h:0'] } }, /ocsp\.cache\.redis\.cluster\.nodes\[0\]/],
    ['no node', { sentinel: { primary: 'x', nodes: [] } }, /ocsp\.cache\.redis\.sentinel\.nodes/],
    ['a password with a stray %', { url: 'redis://u:%@h' }, /ocsp\.cache\.redis\.url/],
    ['nowhere', {}, /says not where Redis is/],
  ]
  for (const [what, redis, said] of wrong) {
    it(`is refused with ${what}`, () => {
      expect(() => redisOf(redis)).to.throw(said)
    })
  }

  it('never says a password', () => {
    const redis = { cluster: { nodes: ['h:1'] }, password: 12_345_678 }
    expect(() => redisOf(redis))
      .to.throw(/expected a text/)
      .and.not.match(/12345678/)
    try {
      redisOf(redis)
    } catch (error) {
      expect(String(error)).to.not.include('12345678')
    }
  })
})
