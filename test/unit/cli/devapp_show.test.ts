import { expect } from 'chai'
import { devAppShow } from '../../../src/cli/devapp_show.ts'
import { certificate, devApp, now, registered } from '../../support/evidence.ts'
import { devAppRegistry, printed } from './devapp_fixture.ts'

const dayMs = 86_400_000
const inDays = (days: number) => new Date(now.getTime() + days * dayMs)
const hash = '$hmac-sha256$salt$mac'

const acme = devApp({
  clientSecrets: [
    { hash, notAfter: inDays(2) },
    { hash, notAfter: undefined },
  ],
  certificates: [
    registered(certificate({ sha256: 'bb'.repeat(32), serialNumber: '0b02', notAfter: inDays(300) })),
    registered(certificate({ notAfter: inDays(20) })),
  ],
  labels: { team: 'payments' },
})
const beta = devApp({ id: 'beta', clientKey: 'beta-key', certificates: [registered()] })

describe('devapp-authz devapp show', () => {
  const { holds, run } = devAppRegistry()
  beforeEach(() => holds(acme, beta))

  it('shows all of a DevApp, the certificates with who shares them, and of the secrets their ends only', async () => {
    const { code, stdout, stderr } = await run(devAppShow, 'acme')
    expect([code, stderr]).to.deep.equal([0, ''])
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/))
    expect(lines).to.deep.equal([
      ['Id', 'acme'],
      ['Name', 'Acme'],
      ['Environment', 'production'],
      ['Status', 'enabled'],
      ['ClientKey', 'acme-key'],
      ['Secrets', '2, one until 2026-06-17T12:00:00Z (in 2d), one until it is replaced'],
      ['Products', 'data'],
      ['Labels', 'team=payments'],
      ['Public keys', '0'],
      ['Certificates', '2'],
      [''],
      ['SERIAL NUMBER', 'COMMON NAME', 'EXPIRES', 'ISSUER', 'SHARED WITH', 'SHA-256'],
      ['0a01', 'acme', '2026-07-05T12:00:00Z (in 20d)', 'CN=Issuer', 'beta', 'aa'.repeat(32)],
      ['0b02', 'acme', '2027-04-11T12:00:00Z (in 300d)', 'CN=Issuer', '-', 'bb'.repeat(32)],
      [''],
    ])
    expect(stdout).to.not.contain('hmac')
  })

  it('shows the same to programs', async () => {
    const document = printed(await run(devAppShow, 'acme', '--json'))
    expect(document).to.deep.include({
      ...{ id: 'acme', name: 'Acme', environment: 'production', status: 'enabled', clientKey: 'acme-key' },
      ...{ products: ['data'], labels: { team: 'payments' } },
      clientSecrets: [
        { validUntil: '2026-06-17T12:00:00Z', valid: true },
        { validUntil: null, valid: true },
      ],
    })
    expect(document.certificates[0]).to.deep.equal({
      ...{ serialNumber: '0a01', commonName: 'acme', issuer: 'CN=Issuer', notAfter: '2026-07-05T12:00:00Z' },
      ...{ sha256: 'aa'.repeat(32), sharedWith: ['beta'] },
    })
  })

  it('says which of the secrets are wrong by now', async () => {
    holds(devApp({ clientSecrets: [{ hash, notAfter: inDays(-1) }] }))
    expect(printed(await run(devAppShow, 'acme', '--json')).clientSecrets).to.deep.equal([
      { validUntil: '2026-06-14T12:00:00Z', valid: false },
    ])
    expect((await run(devAppShow, 'acme')).stdout).to.match(/one until 2026-06-14T12:00:00Z \(1d ago\)/)
  })

  it('says that there is no such DevApp', async () => {
    const { code, stdout, stderr } = await run(devAppShow, 'acne')
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.equal(
      'devapp-authz devapp show: there is no DevApp acne: devapp-authz devapp list names those that there are\n',
    )
  })
})
