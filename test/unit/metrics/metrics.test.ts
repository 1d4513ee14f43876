import { expect } from 'chai'
import { type MetricDescription, metricCatalogue, metricPrefix } from '../../../src/metrics/catalogue.ts'
import { countDecision } from '../../../src/metrics/decisions.ts'
import { Metrics } from '../../../src/metrics/metrics.ts'

const linesOf = async (metrics: Metrics, name: string): Promise<string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(metricPrefix + name))

describe('the metrics', () => {
  const catalogue = Object.entries(metricCatalogue) as [string, MetricDescription][]

  it('are all there before anything happened, each with its help and type, and end as OpenMetrics does', async () => {
    const text = await new Metrics().text()
    for (const [name, { type, help }] of catalogue) {
      const family = metricPrefix + name.replace(/_total$/, '')
      expect(text).to.include(`# HELP ${family} ${help}\n# TYPE ${family} ${type}\n`)
    }
    expect(text.endsWith('# EOF\n')).to.equal(true)
  })

  it('have names in base units, counters ending in _total, and labels that no certificate decides', () => {
    for (const [name, { type, labels }] of catalogue) {
      expect(name, name).to.match(/^[a-z][a-z_]+$/)
      expect(name.endsWith('_total'), name).to.equal(type === 'counter')
      expect(labels).to.not.include.members(['serial', 'client_key', 'common_name', 'devapp'])
    }
  })

  it('count decisions by policy, code and channel, and their time', async () => {
    const metrics = new Metrics()
    countDecision(metrics, { code: 'allow', shadow: undefined, policy: 'data', channel: 'mtls', ms: 0.3 })
    countDecision(metrics, {
      code: 'policy_unknown',
      shadow: undefined,
      policy: 'no such',
      channel: undefined,
      ms: 0.1,
    })
    expect(await linesOf(metrics, 'decisions_total')).to.deep.equal([
      'devapp_authz_decisions_total{policy="data",code="allow",channel="mtls"} 1',
      'devapp_authz_decisions_total{policy="none",code="policy_unknown",channel="none"} 1',
    ])
    expect(await linesOf(metrics, 'check_duration_seconds')).to.include(
      'devapp_authz_check_duration_seconds_bucket{le="0.0005",channel="mtls"} 1',
    )
  })

  it('count what shadow mode let pass as let pass, and as what it would have been', async () => {
    const metrics = new Metrics()
    countDecision(metrics, { code: 'basic_invalid', shadow: true, policy: 'data', channel: 'tls', ms: 0.3 })
    expect(await linesOf(metrics, 'decisions_total')).to.deep.equal([
      'devapp_authz_decisions_total{policy="data",code="allow",channel="tls"} 1',
    ])
    expect(await linesOf(metrics, 'shadow_denials_total')).to.deep.equal([
      'devapp_authz_shadow_denials_total{policy="data",code="basic_invalid"} 1',
    ])
  })

  it('take over what is counted elsewhere, which never goes down', async () => {
    const metrics = new Metrics()
    const waits = () => linesOf(metrics, 'ocsp_request_waits_total')
    for (const total of [2, 5, 5, 3]) metrics.countUpTo('ocsp_request_waits_total', {}, total)
    expect(await waits()).to.deep.equal(['devapp_authz_ocsp_request_waits_total 5'])
  })

  it('look up what is only looked up when somebody asks', async () => {
    const metrics = new Metrics()
    let streams = 1
    metrics.onScrape(() => metrics.set('sds_streams', {}, streams++))
    expect(await linesOf(metrics, 'sds_streams')).to.deep.equal(['devapp_authz_sds_streams 1'])
    expect(await linesOf(metrics, 'sds_streams')).to.deep.equal(['devapp_authz_sds_streams 2'])
  })
})
