import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Answer, type Call, codeOf } from '../../demo/client.ts'
import type { Gateway } from '../../demo/gateway.ts'
import { hashChosenSecret } from '../../src/registry/secrets.ts'
import { alteredBuild } from '../support/altered_build.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'

const secret = 'correct horse battery staple'
const merchant: Call = {
  sni: 'api2.example.com',
  path: '/v1/merchant',
  headers: { authorization: `Basic ${Buffer.from(`slow-key:${secret}`).toString('base64')}` },
}

function statusAndCode(answer: Answer): string {
  return answer.kind === 'http' ? `${answer.status} ${codeOf(answer)}` : codeOf(answer)
}

describe('refusals that need a gateway in trouble', function () {
  this.timeout(30_000)
  let gateway: Gateway

  before(async () => {
    gateway = await startDemoGateway()
  })
  after(() => gateway.stop())
  afterEach(async () => {
    await gateway.stopService()
    await gateway.startService()
  })

  /** The gateway's own configuration and registry, changed, in a folder of their own. */
  async function restartWith(
    name: string,
    change: { config?: (text: string) => string; registry?: string },
  ): Promise<void> {
    const folder = join(gateway.folder, name)
    mkdirSync(folder)
    for (const name of ['qtsps', 'withdrawn.yaml'])
      cpSync(join(gateway.folder, name), join(folder, name), { recursive: true })
    const text = readFileSync(gateway.configFile, 'utf8')
    writeFileSync(join(folder, 'authz.yaml'), change.config?.(text) ?? text)
    writeFileSync(join(folder, 'devapps.yaml'), change.registry ?? readFileSync(join(gateway.folder, 'devapps.yaml')))
    await gateway.stopService()
    await gateway.startService({ config: join(folder, 'authz.yaml') })
  }

  it('two Authorization values on a public API: 400 request_malformed', async () => {
    const authorization = ['Bearer one', 'Bearer two']
    const answer = await gateway.call({ sni: 'api2.example.com', path: '/v1/callback', headers: { authorization } })
    expect(statusAndCode(answer)).to.equal('400 request_malformed')
  })

  it('two Authorization values where Basic is asked for: 401 basic_malformed', async () => {
    const { authorization = '' } = merchant.headers ?? {}
    const answer = await gateway.call({
      ...merchant,
      headers: { authorization: [authorization, authorization].flat() },
    })
    expect(statusAndCode(answer)).to.equal('401 basic_malformed')
  })

  it('a registry that cannot be read at the start: 503 registry_unavailable, and service once it can', async () => {
    await restartWith('broken-registry', { registry: 'devapps: [' })
    const acme: Call = { sni: 'api.example.com', path: '/v1/data', certificate: gateway.parties.certificates.acme }
    expect(statusAndCode(await gateway.call(acme))).to.equal('503 registry_unavailable')
    cpSync(join(gateway.folder, 'devapps.yaml'), join(gateway.folder, 'broken-registry', 'devapps.yaml'))
    await gateway.service?.logged(({ msg }) => msg === 'registry loaded')
    expect(statusAndCode(await gateway.call(acme))).to.equal('200 allowed')
  })

  it('a PSD2 authorisation that is withdrawn while the service runs: 401 psd2_authorisation_withdrawn', async () => {
    const { fintech } = gateway.parties.certificates
    const list = join(gateway.folder, 'withdrawn.yaml')
    const before = readFileSync(list, 'utf8')
    const call = async () =>
      statusAndCode(await gateway.call({ sni: 'api.example.com', path: '/v1/accounts', certificate: fintech }))
    const loaded = (entries: number) =>
      gateway.service?.logged((line) => line['list'] === 'psd2.withdrawn' && line['entries'] === entries)
    expect(await call()).to.equal('200 allowed')
    writeFileSync(list, `${before}- { organization_identifier: PSDFI-FINFSA-2858394-9, roles: [PSP_AI] }\n`)
    await loaded(2)
    expect(await call()).to.equal('401 psd2_authorisation_withdrawn')
    writeFileSync(list, 'roles: [')
    await gateway.service?.logged(({ msg }) => String(msg).startsWith('list refused'))
    expect(await call()).to.equal('401 psd2_authorisation_withdrawn')
    writeFileSync(list, before)
  })

  it('a list of withdrawn authorisations that is not there: the service does not start', async () => {
    await gateway.stopService()
    const config = join(gateway.folder, 'without-list.yaml')
    writeFileSync(config, readFileSync(gateway.configFile, 'utf8').replace('withdrawn.yaml', 'nowhere.yaml'))
    const failure: unknown = await gateway.startService({ config }).catch((error: unknown) => error)
    expect(String(failure)).to.match(/psd2.withdrawn: ENOENT.*nowhere.yaml/)
  })

  it('a check that takes too long: 503 deadline_exceeded, and Retry-After', async () => {
    await restartWith('short-deadline', {
      config: (text) => text.replace('deadline: 1500ms', 'deadline: 3ms').replace('timeout: 1s', 'timeout: 2ms'),
      registry: `devapps: [{ id: slow, name: slow, client_key: slow-key, client_secrets: [{ hash: "${hashChosenSecret(secret)}" }] }]`,
    })
    const answer = await gateway.call(merchant)
    expect(statusAndCode(answer)).to.equal('503 deadline_exceeded')
    expect(answer.kind === 'http' && answer.headers['retry-after']).to.equal('5')
  })

  it('a fault of the service itself: 500 internal_error, and nothing of it in the answer', async () => {
    const main = alteredBuild(join(gateway.folder, 'faulty'), 'domain/judge.js', (code) =>
      code.replace(/export function judge\(.*\{$/m, '$& throw new Error("a wire came loose")'),
    )
    await gateway.stopService()
    await gateway.startService({ main })
    const answer = await gateway.call({ sni: 'api2.example.com', path: '/v1/callback' })
    expect(statusAndCode(answer)).to.equal('500 internal_error')
    expect(answer.kind === 'http' && answer.body).not.to.include('a wire came loose')
    expect(gateway.printed).to.include('a wire came loose')
  })

  it('an upstream that is gone: 503 upstream_unavailable', async () => {
    await gateway.stopUpstream()
    const answer = await gateway.call({ sni: 'api2.example.com', path: '/v1/callback' })
    expect(statusAndCode(answer)).to.equal('503 upstream_unavailable')
    await gateway.startUpstream()
  })
})
