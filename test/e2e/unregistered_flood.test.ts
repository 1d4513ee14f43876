import { readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import type { Gateway } from '../../demo/gateway.ts'
import { CheckClient } from '../support/check_client.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'
import type { IssuedCertificate } from '../support/pki.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { eventually } from '../unit/revocation/fixture.ts'

const strangers = 300

/** Over a connection of its own: the service closes one that was idle. */
const textOf = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.on('end', () => resolve(text))
    }).on('error', reject)
  })

describe('a flood of certificates that nobody registered', function () {
  this.timeout(60_000)
  let gateway: Gateway
  let redis: RunningRedis
  let stored: Redis
  let client: CheckClient

  before(async () => {
    redis = await startRedis(await findRedis(() => {}))
    stored = new Redis(redis.url).on('error', () => {})
    gateway = await startDemoGateway()
    const shared = `ocsp:\n  cache: { redis: { url: ${redis.url} } }`
    writeFileSync(gateway.configFile, readFileSync(gateway.configFile, 'utf8').replace(/^ocsp:$/m, shared))
    await gateway.service?.logged(({ msg }) => msg === 'configuration loaded')
    client = new CheckClient(`unix:${join(gateway.folder, 'authz.sock')}`)
  })
  after(async () => {
    client?.close()
    stored?.disconnect()
    await gateway?.stop()
    await redis?.stop()
  })

  const ask = ({ pem }: IssuedCertificate): Promise<string> =>
    client.ask({ policy: 'data', certificate: encodeURIComponent(pem) })

  /** What the service did that a stranger must not make it do. */
  async function doings(): Promise<Record<string, number>> {
    const { metrics } = (await gateway.service?.logged(({ msg }) => msg === 'serving')) ?? {}
    const text = await textOf(`http://${metrics}/metrics`)
    const sum = (name: string): number =>
      text
        .split('\n')
        .filter((line) => line.startsWith(`devapp_authz_${name}`))
        .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0)
    return {
      requestsToResponders: sum('ocsp_responder_duration_seconds_count'),
      requestsThatWaited: sum('ocsp_request_waits_total'),
      lookups: sum('ocsp_lookups_total'),
      commandsToRedis: sum('redis_command_duration_seconds_count'),
      keysInRedis: await stored.dbsize(),
    }
  }

  it('asks no responder, looks up and keeps nothing, and costs registered callers nothing that is remembered', async () => {
    const { acme } = gateway.parties.certificates
    await eventually(async () => (await ask(acme)) === 'allow')
    const remembered = () => gateway.service?.log().findLast(({ msg, code }) => msg === 'decision' && code === 'allow')
    await eventually(async () => {
      const [before, after] = [await doings(), await doings()]
      return before['commandsToRedis'] === after['commandsToRedis'] && (await ask(acme)) === 'allow'
    })
    const issued = Array.from({ length: strangers }, (_, index) =>
      gateway.parties.issue({ commonName: index % 2 === 0 ? `stranger-${index}.example` : 'acme.example' }),
    )
    const before = await doings()
    for (const certificate of issued) expect(await ask(certificate)).to.equal('cert_not_registered')
    expect(await doings()).to.deep.equal(before)
    expect(await ask(acme)).to.equal('allow')
    expect(remembered()).to.include({ devapp: 'acme', tier: 'memory' })
    expect((await doings())['lookups'], 'one that is registered is looked up').to.be.greaterThan(before['lookups'] ?? 0)
  })
})
