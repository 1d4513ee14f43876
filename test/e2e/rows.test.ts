import { expect } from 'chai'
import type { Gateway } from '../../demo/gateway.ts'
import { sections } from '../../demo/rows.ts'
import { runRow } from '../../demo/run_rows.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'

describe('through the real Envoy', function () {
  this.timeout(30_000)
  let gateway: Gateway

  before(async () => {
    gateway = await startDemoGateway()
  })
  after(() => gateway.stop())

  for (const { title, rows } of sections) {
    describe(title, () => {
      for (const row of rows) {
        it(`${row.asks}: ${row.expects}`, async () => {
          const { came, wrong } = await runRow(gateway, row)
          expect(wrong ?? came).to.equal(row.expects)
        })
      }
    })
  }

  describe('what is written down', () => {
    it("Envoy's log has no warning but that the service was down, as the rows had it", () => {
      const warnings = gateway.envoy
        .log()
        .split('\n')
        .filter((line) => /\[(warning|error|critical)\]/.test(line))
        .filter((line) => !line.includes('StreamSecrets gRPC config stream to devapp-authz closed'))
      expect(warnings).to.deep.equal([])
    })

    it("Envoy's access log names code, policy and DevApp", async () => {
      await gateway.call({
        sni: 'api.example.com',
        path: '/v1/data',
        certificate: gateway.parties.certificates.revoked,
      })
      await gateway.call({ sni: 'api.example.com', path: '/v1/data', certificate: gateway.parties.certificates.acme })
      const denied = await gateway.envoy.logged(({ code }) => code === 'cert_revoked')
      expect(denied).to.include({ policy: 'data', devapp: 'troubled', status: 401 })
      const allowed = await gateway.envoy.logged(({ code, policy }) => code === 'allow' && policy === 'data')
      expect(allowed).to.include({ devapp: 'acme', status: 200 })
    })

    it('the metrics count it by policy, code and channel', async () => {
      await gateway.call({
        sni: 'api.example.com',
        path: '/v1/data',
        certificate: gateway.parties.certificates.revoked,
      })
      const { metrics } = (await gateway.service?.logged(({ msg }) => msg === 'serving')) ?? {}
      const scraped = await fetch(`http://${metrics}/metrics`)
      expect(scraped.headers.get('content-type')).to.match(/^application\/openmetrics-text; version=1\.0\.0/)
      expect(await scraped.text()).to.match(
        /^devapp_authz_decisions_total\{policy="data",code="cert_revoked",channel="mtls"\} [1-9]/m,
      )
    })

    it('no secret and no Authorization value is in any log', async () => {
      for (const [id, secret] of Object.entries(gateway.parties.secrets)) {
        const token = Buffer.from(`${id}-key:${secret}`).toString('base64')
        for (const authorization of [
          `Basic ${token}`,
          `Basic ${token}, Basic ${token}`,
          `Basic ${token}!`,
          `Bearer ${token}`,
        ])
          await gateway.call({ sni: 'api2.example.com', path: '/v1/merchant', headers: { authorization } })
      }
      await gateway.envoy.logged(({ code }) => code === 'basic_malformed')
      const told = gateway.printed + gateway.envoy.log() + JSON.stringify(gateway.envoy.accessLog())
      expect(told).to.include('basic_malformed')
      for (const [id, secret] of Object.entries(gateway.parties.secrets)) {
        expect(told).not.to.include(secret)
        expect(told).not.to.include(Buffer.from(`${id}-key:${secret}`).toString('base64'))
      }
    })
  })
})
