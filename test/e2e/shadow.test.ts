import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { parse, stringify } from 'yaml'
import { type Answer, type Call, codeOf } from '../../demo/client.ts'
import type { Gateway } from '../../demo/gateway.ts'
import { identityHeaders, shadowHeader, upstreamHeaders } from '../../src/envoy/identity_headers.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'

const mtls = 'api.example.com'
const tls = 'api2.example.com'
/** What a client claims of itself, and would like the gateway to say. */
const forged = Object.fromEntries(upstreamHeaders.map((name) => [name, 'forged']))

const statusAndCode = (answer: Answer): string =>
  answer.kind === 'http' ? `${answer.status} ${codeOf(answer)}` : codeOf(answer)

/** What arrived at the upstream; fails where the request did not get there. */
function received(answer: Answer): Record<string, string> {
  expect(statusAndCode(answer)).to.equal('200 allowed')
  return answer.kind === 'http' ? (JSON.parse(answer.body) as { headers: Record<string, string> }).headers : {}
}

type Named = keyof Gateway['parties']['certificates']

describe('shadow mode through the real Envoy', function () {
  this.timeout(30_000)
  let gateway: Gateway

  before(async () => {
    gateway = await startDemoGateway()
  })
  after(() => gateway.stop())

  /** Restarts the service with its own configuration, changed. */
  async function restartWith(change: (config: ReturnType<typeof parse>) => void): Promise<void> {
    const config = parse(readFileSync(gateway.configFile, 'utf8'))
    change(config)
    const file = join(gateway.folder, 'shadow.yaml')
    writeFileSync(file, stringify(config))
    await gateway.stopService()
    await gateway.startService({ config: file })
  }

  const by = (name: Named, path = '/v1/data', more: Partial<Call> = {}): Promise<Answer> =>
    gateway.call({ sni: mtls, path, certificate: gateway.parties.certificates[name], ...more })
  const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`acme-key:${secret}`).toString('base64')}` })

  function asked(path: string): Promise<unknown> {
    const socketPath = join(gateway.folder, 'admin.sock')
    return new Promise((resolve, reject) => {
      request({ socketPath, path }, (answer) => text(answer).then((body) => resolve(JSON.parse(body)), reject))
        .on('error', reject)
        .end()
    })
  }

  describe('of single policies', () => {
    before(() =>
      restartWith(({ policies }) => {
        for (const name of ['data', 'merchant', 'callback']) policies[name].shadow = true
      }),
    )

    it('lets a request pass with the code of its refusal, for nobody, whatever the client claims', async () => {
      const answer = await by('bolt', '/v1/data', { headers: forged })
      const headers = received(answer)
      expect(headers).to.include({ [shadowHeader]: 'product_not_selected' })
      expect(headers).not.to.have.any.keys(...identityHeaders)
      expect(JSON.stringify(headers)).not.to.include('forged')
      expect(answer.kind === 'http' && Object.keys(answer.headers)).not.to.include(shadowHeader)
    })

    it('lets a wrong secret pass, and keeps it from the upstream', async () => {
      const headers = received(await gateway.call({ sni: tls, path: '/v1/merchant', headers: basic('wrong') }))
      expect(headers).to.include({ [shadowHeader]: 'basic_invalid' })
      expect(headers).not.to.have.any.keys('authorization', ...identityHeaders)
    })

    it('allows as ever, and no client says otherwise', async () => {
      const headers = received(await by('acme', '/v1/data', { headers: { [shadowHeader]: 'cert_revoked' } }))
      expect(headers).to.include({ 'x-devapp-id': 'acme' })
      expect(headers).not.to.have.property(shadowHeader)
    })

    const enforced: [string, string, () => Promise<Answer>][] = [
      ['a revoked certificate', '401 cert_revoked', () => by('revoked')],
      ['a certificate on hold', '401 cert_on_hold', () => by('onHold')],
      ['a reissued certificate', '401 cert_differs', () => by('fintechReissued')],
      [
        'the name and serial number of a registered certificate, of another CA',
        '401 cert_issuer_mismatch',
        () => by('acmeOfOtherCa', '/v1/data', { chainPem: gateway.parties.otherTrusted.chainPem }),
      ],
      ['the wrong hostname', '421 wrong_hostname', () => gateway.call({ sni: tls, path: '/v1/data' })],
      [
        'two Authorization values',
        '400 request_malformed',
        () =>
          gateway.call({ sni: tls, path: '/v1/callback', headers: { authorization: ['Bearer one', 'Bearer two'] } }),
      ],
      ['a policy that there is not', '500 policy_unknown', () => by('acme', '/v1/misconfigured')],
      ['what another policy refuses', '401 psd2_role_missing', () => by('payer', '/v1/accounts')],
      ['what Envoy refuses in the handshake', 'refused in the handshake', () => by('selfSigned')],
      ['a path without a route', '404 route_unknown', () => by('acme', '/elsewhere')],
    ]
    for (const [what, expected, call] of enforced)
      it(`refuses ${what}: ${expected}`, async () => {
        const before = gateway.upstreamRequests
        expect(statusAndCode(await call())).to.equal(expected)
        expect(gateway.upstreamRequests).to.equal(before)
      })

    it('warns at the start, and tells every request that passed in both logs and on the admin port', async () => {
      const { log } = gateway.service ?? expect.fail()
      const warning = log().find(({ msg }) => String(msg).startsWith('SHADOW MODE'))
      expect(warning).to.deep.include({
        level: 'warn',
        policies: [{ policy: 'data' }, { policy: 'merchant' }, { policy: 'callback' }],
      })
      await by('stranger')
      const line = await gateway.service?.logged(({ code }) => code === 'cert_not_registered')
      expect(line).to.include({ msg: 'decision', policy: 'data', shadow: true })
      const access = await gateway.envoy.logged(({ code }) => code === 'cert_not_registered')
      expect(access).to.include({ shadow: true, status: 200, policy: 'data' })
      const { policies, would_deny } = (await asked('/api/v1/shadow')) as Record<string, unknown[]>
      expect(policies).to.deep.include({ policy: 'data', until: null })
      expect(would_deny).to.deep.include({ policy: 'data', code: 'cert_not_registered', requests: 1 })
      expect(JSON.stringify(would_deny)).not.to.include('cert_revoked')
    })
  })

  it('of all policies is over at its end, by the clock and without a restart', async () => {
    const until = new Date(Date.now() + 5_000).toISOString()
    await restartWith((config) => {
      config.shadow = { until }
    })
    const shadowed = received(await by('payer', '/v1/accounts'))
    expect(shadowed).to.include({ [shadowHeader]: 'psd2_role_missing' })
    expect(statusAndCode(await by('revoked'))).to.equal('401 cert_revoked')
    const pid = gateway.service?.pid
    await gateway.service?.logged(({ msg }) => String(msg).startsWith('shadow mode is over'))
    expect(new Date().toISOString() >= until).to.equal(true)
    expect(statusAndCode(await by('payer', '/v1/accounts'))).to.equal('401 psd2_role_missing')
    expect(gateway.service?.pid).to.equal(pid)
  })
})
