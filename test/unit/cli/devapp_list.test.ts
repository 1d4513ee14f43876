import { expect } from 'chai'
import { devAppList } from '../../../src/cli/devapp_list.ts'
import { certificate, devApp, now, registered } from '../../support/evidence.ts'
import { devAppRegistry, printed } from './devapp_fixture.ts'

const dayMs = 86_400_000
const ending = (sha256: string, days: number) =>
  registered(certificate({ sha256, notAfter: new Date(now.getTime() + days * dayMs) }))

const acme = devApp({
  ...{ id: 'acme', clientKey: 'k-acme', products: new Set(['data', 'ob-accounts']) },
  certificates: [ending('a1', 200), ending('a2', 20)],
  labels: { team: 'payments', tier: 'gold' },
})
const beta = devApp({
  ...{ id: 'beta', name: 'Beta', environment: 'staging', status: 'disabled', clientKey: 'k-beta' },
  ...{ products: new Set(), labels: { team: 'payments' } },
})
const gamma = devApp({
  ...{ id: 'gamma', name: 'Gamma\u001b[2J', clientKey: 'k-gamma' },
  certificates: [ending('a2', 20), ending('g1', -3)],
})
const delta = devApp({ id: 'delta', name: 'Delta', clientKey: 'k-delta', certificates: [ending('d1', -3)] })

describe('devapp-authz devapp list', () => {
  const { holds, run } = devAppRegistry()
  beforeEach(() => holds(gamma, beta, delta, acme))

  const listed = async (...argv: string[]): Promise<string[]> =>
    printed(await run(devAppList, ...argv, '--json')).devApps.map(({ id }: { id: string }) => id)

  it('lists every DevApp by id, without what a terminal would obey', async () => {
    const { code, stdout, stderr } = await run(devAppList)
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).to.deep.equal([
      ['ID', 'NAME', 'ENVIRONMENT', 'STATUS', 'CLIENTKEY', 'PRODUCTS', 'KEYS', 'CERTIFICATES'],
      ['acme', 'Acme', 'production', 'enabled', 'k-acme', 'data, ob-accounts', '-', '2, the next expires in 20d'],
      ['beta', 'Beta', 'staging', 'disabled', 'k-beta', '-', '-', '-'],
      ['delta', 'Delta', 'production', 'enabled', 'k-delta', 'data', '-', '1, expired 3d ago'],
      ['gamma', 'Gamma?[2J', 'production', 'enabled', 'k-gamma', 'data', '-', '2, the next expires in 20d'],
      [''],
    ])
  })

  it('lists those that all the options select', async () => {
    expect(await listed('--status', 'disabled')).to.deep.equal(['beta'])
    expect(await listed('--environment', 'production', '--product', 'ob-accounts')).to.deep.equal(['acme'])
    expect(await listed('--label', 'team=payments')).to.deep.equal(['acme', 'beta'])
    expect(await listed('--label', 'team=payments', '--label', 'tier=gold')).to.deep.equal(['acme'])
    expect(await listed('--label', 'constructor=x')).to.deep.equal([])
  })

  it('lists what expires soon, or has, the next to expire first', async () => {
    expect(await listed('--expiring', '30d')).to.deep.equal(['gamma', 'delta', 'acme'])
    expect(await listed('--expiring', '1d')).to.deep.equal(['gamma', 'delta'])
  })

  it('tells programs who shares a certificate', async () => {
    const [first] = printed(await run(devAppList, '--json')).devApps
    expect(first.certificates.map(({ sharedWith }: { sharedWith: string[] }) => sharedWith)).to.deep.equal([
      ['gamma'],
      [],
    ])
  })

  it('says so where there is none', async () => {
    holds()
    expect(await run(devAppList)).to.deep.equal({ code: 0, stdout: 'no DevApps\n', stderr: '' })
  })

  it('says what is wrong with a selection that cannot be made', async () => {
    for (const [argv, reason] of [
      [['--status', 'off'], /--status: expected enabled or disabled, got "off"/],
      [['--expiring', '30'], /--expiring: expected a duration such as 7d or 12h, got "30"/],
      [['acme'], /what is acme\?/],
    ] as const) {
      const { code, stderr } = await run(devAppList, ...argv)
      expect(code).to.equal(2)
      expect(stderr).to.match(reason)
    }
  })
})
