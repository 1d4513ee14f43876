import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { Gateway } from '../../demo/gateway.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'
import { type RunningPrometheus, startPrometheus } from '../support/prometheus.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'

const folder = fileURLToPath(new URL('../../deploy/grafana', import.meta.url))

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

/** As Grafana fills its variables in. */
const filledIn = (expr: string): string => expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', '1m')

describe('the dashboards, over a real Prometheus that scrapes the running demo', function () {
  this.timeout(60_000)
  let gateway: Gateway
  let redis: RunningRedis
  let prometheus: RunningPrometheus

  before(async () => {
    redis = await startRedis(await findRedis(() => {}))
    gateway = await startDemoGateway()
    const { service, configFile } = gateway
    const { metrics } = (await service?.logged(({ msg }) => msg === 'serving')) ?? {}
    prometheus = await startPrometheus(String(metrics))
    await prometheus.scraped(1)

    const shared = `ocsp:\n  cache: { redis: { url: ${redis.url} } }`
    writeFileSync(configFile, readFileSync(configFile, 'utf8').replace(/^ocsp:$/m, shared))
    await service?.logged(({ msg }) => msg === 'configuration loaded')
    const { certificates } = gateway.parties
    for (const certificate of [certificates.acme, certificates.revoked, certificates.stranger])
      await gateway.call({ sni: 'api.example.com', path: '/v1/data', certificate })
    const authorization = `Basic ${Buffer.from('nobody:a guess').toString('base64')}`
    for (let i = 0; i < 11; i++)
      await gateway.call({ sni: 'api2.example.com', path: '/v1/merchant', headers: { authorization } })
    await prometheus.scraped(4)
  })
  after(async () => {
    await prometheus?.stop()
    await gateway?.stop()
    await redis?.stop()
  })

  it('shows the lock that somebody who guesses has brought about', async () => {
    const locked = await prometheus.query('devapp_authz_basic_locked{by="client_key"} == 1')
    const refused = await prometheus.query('devapp_authz_basic_lockouts_total{by="client_key"} == 1')
    expect([locked.length, refused.length]).to.deep.equal([1, 1])
  })

  for (const file of readdirSync(folder)) {
    const { panels } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { panels: Panel[] }
    it(`${file}: every panel has data`, async () => {
      const empty: string[] = []
      for (const { title, targets = [] } of panels) {
        for (const { expr } of targets)
          if ((await prometheus.query(filledIn(expr))).length === 0) empty.push(`${title}: ${expr}`)
      }
      expect(empty).to.deep.equal([])
    })
  }
})
