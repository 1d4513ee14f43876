import { expect } from 'chai'
import { devAppRotateSecret } from '../../../src/cli/devapp_rotate_secret.ts'
import { ClientSecrets, hashGeneratedSecret } from '../../../src/registry/secrets.ts'
import { devApp, now } from '../../support/evidence.ts'
import { devAppRegistry, printed } from './devapp_fixture.ts'

const dayMs = 86_400_000
const inDays = (days: number) => new Date(now.getTime() + days * dayMs)
const secret = (clientSecret: string, notAfter?: Date) => ({ hash: hashGeneratedSecret(clientSecret), notAfter })

describe('devapp-authz devapp rotate-secret', () => {
  const { registry, holds, find, run, calling } = devAppRegistry()
  beforeEach(() => holds(devApp({ clientSecrets: [secret('the first one')] })))

  const secrets = new ClientSecrets(() => true)
  const isRight = async (clientSecret: string, at: Date) => secrets.verify(await find('acme'), clientSecret, at)

  it('makes a new secret, shows it once, and says until when the one before it is right', async () => {
    const { code, stdout, stderr } = await run(devAppRotateSecret, 'acme')
    expect([code, stderr]).to.deep.equal([0, ''])
    const [, made = '', end] = /^ClientSecret {2}(\S+)\n\n[^\n]*once[^\n]*\n(.*)\n$/.exec(stdout) ?? []
    expect(end).to.equal('The one before it stays right until 2026-06-22T12:00:00Z (in 7d).')
    expect(await isRight(made, inDays(1_000))).to.equal(true)
    expect(await isRight('the first one', new Date(inDays(7).getTime() - 1))).to.equal(true)
    expect(await isRight('the first one', inDays(7))).to.equal(false)
  })

  it('lets the old one be right for the time that is wished, or ends it at once', async () => {
    const { devApp, clientSecret } = printed(await run(devAppRotateSecret, 'acme', '--old-valid-for', '12h', '--json'))
    expect(devApp.clientSecrets).to.deep.equal([
      { validUntil: '2026-06-16T00:00:00Z', valid: true },
      { validUntil: null, valid: true },
    ])
    const { stdout } = await run(devAppRotateSecret, 'acme', '--old-valid-for', '0s')
    expect(stdout).to.match(/It is the only one that is right\.\n$/)
    for (const ended of ['the first one', clientSecret]) expect(await isRight(ended, now)).to.equal(false)
    expect((await find('acme'))?.clientSecrets).to.have.length(1)
  })

  it('never lets a secret that ends sooner live longer, and drops those that have ended', async () => {
    holds(devApp({ clientSecrets: [secret('ended', inDays(-1)), secret('ends', inDays(1))] }))
    const { stdout } = await run(devAppRotateSecret, 'acme')
    expect(stdout).to.match(/The one before it stays right until 2026-06-16T12:00:00Z \(in 1d\)\.\n$/)
    expect((await find('acme'))?.clientSecrets.map(({ notAfter }) => notAfter)).to.deep.equal([inDays(1), undefined])
  })

  it('lets three be right at once, and says what to do for a fourth', async () => {
    await run(devAppRotateSecret, 'acme')
    await run(devAppRotateSecret, 'acme', '--old-valid-for', '9d')
    const before = await find('acme')
    const { code, stdout, stderr } = await run(devAppRotateSecret, 'acme')
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.match(/3 secrets .* wait until one ends, on 2026-06-22T12:00:00.000Z, or .*--old-valid-for 0s\n$/)
    expect(await find('acme')).to.equal(before)
  })

  it('takes a secret that a person chose from standard input, and does not print it', async () => {
    const { code, stdout, stderr } = await calling({ stdin: 'correct horse battery\n' })(
      ...[devAppRotateSecret, 'acme', '--stdin'],
    )
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(stdout).to.equal('The one before it stays right until 2026-06-22T12:00:00Z (in 7d).\n')
    expect(await isRight('correct horse battery', now)).to.equal(true)
  })

  it('refuses a chosen secret that is weak, without repeating it', async () => {
    const { code, stdout, stderr } = await calling({ stdin: 'hunter2' })(devAppRotateSecret, 'acme', '--stdin')
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.equal('devapp-authz devapp rotate-secret: a secret has at least 12 characters, on one line\n')
  })

  it('writes down when the old one ends, and nothing secret', async () => {
    const { clientSecret } = printed(await run(devAppRotateSecret, 'acme', '--json'))
    const [entry] = registry.store.audit
    expect(entry).to.deep.include({ action: 'rotate_secret', detail: { old_valid_until: '2026-06-22T12:00:00Z' } })
    expect(JSON.stringify(entry)).to.not.contain(clientSecret)
  })

  it('says what is wrong with a time', async () => {
    for (const [time, reason] of [
      ['a week', /expected a duration such as 7d or 12h, got "a week"/],
      ['91d', /91d is too long; at most 90d/],
    ] as const) {
      const { code, stderr } = await run(devAppRotateSecret, 'acme', '--old-valid-for', time)
      expect(code).to.equal(2)
      expect(stderr).to.match(reason)
    }
  })

  it('says that there is no such DevApp, and makes no secret for it', async () => {
    expect(await run(devAppRotateSecret, 'acne')).to.deep.include({ code: 1, stdout: '' })
  })
})
