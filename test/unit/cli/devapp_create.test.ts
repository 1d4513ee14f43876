import { expect } from 'chai'
import { devAppCreate } from '../../../src/cli/devapp_create.ts'
import { ClientSecrets } from '../../../src/registry/secrets.ts'
import { devApp, now } from '../../support/evidence.ts'
import { devAppRegistry, printed } from './devapp_fixture.ts'

describe('devapp-authz devapp create', () => {
  const { registry, holds, find, run } = devAppRegistry()
  beforeEach(() => holds())

  const isRight = async (id: string, secret: string) =>
    new ClientSecrets(() => false).verify(await find(id), secret, now)

  it('registers a DevApp with all that the options say, and prints its credentials once', async () => {
    const { code, stdout, stderr } = await run(
      ...[devAppCreate, 'acme', '--name', 'Acme Reporting', '--environment', 'staging'],
      ...['--product', 'data', '--product', 'ob-accounts', '--client-key', 'acme-key', '--label', 'owner=a=b'],
    )
    expect([code, stderr]).to.deep.equal([0, ''])
    const [, secret = ''] =
      /^created acme\n\nClientKey {5}acme-key\nClientSecret {2}(\S+)\n\n.*once/s.exec(stdout) ?? []
    expect(secret).to.match(/^[\w-]{43}$/)
    const stored = await find('acme')
    expect({ ...stored, clientSecrets: [] }).to.deep.equal({
      ...{ id: 'acme', name: 'Acme Reporting', environment: 'staging', status: 'enabled', clientKey: 'acme-key' },
      ...{ clientSecrets: [], products: new Set(['data', 'ob-accounts']), certificates: [], labels: { owner: 'a=b' } },
      publicKeys: [],
    })
    expect(await isRight('acme', secret)).to.equal(true)
  })

  it('makes a ClientKey of its own, of letters and digits that cannot be mistaken', async () => {
    const created = printed(await run(devAppCreate, 'acme', '--name', 'Acme', '--json'))
    expect(created.devApp.clientKey).to.match(/^[0-9a-hjkmnp-tv-z]{26}$/)
    const another = printed(await run(devAppCreate, 'beta', '--name', 'Beta', '--json'))
    expect(another.devApp.clientKey).to.not.equal(created.devApp.clientKey)
  })

  it('answers programs with one JSON object, the secret in it', async () => {
    const { devApp, changed, clientSecret, warnings } = printed(
      await run(devAppCreate, 'acme', '--name', 'Acme', '--product', 'dta', '--json'),
    )
    expect(changed).to.equal(true)
    expect(devApp).to.deep.include({ id: 'acme', clientSecrets: [{ validUntil: null, valid: true }] })
    expect(await isRight('acme', clientSecret)).to.equal(true)
    expect(warnings).to.have.length(1)
  })

  it('leaves the secret out where it is not wanted', async () => {
    const { stdout } = await run(devAppCreate, 'acme', '--name', 'Acme', '--client-key', 'k', '--no-secret')
    expect(stdout).to.equal('created acme\n\nClientKey  k\n')
    expect((await find('acme'))?.clientSecrets).to.deep.equal([])
  })

  it('warns of a product that no policy asks for, and registers it', async () => {
    const { code, stderr } = await run(devAppCreate, 'acme', '--name', 'Acme', '--product', 'ob_account')
    expect([code, stderr]).to.deep.equal([
      0,
      'devapp-authz devapp create: warning: no policy of the configuration asks for the product ob_account; is ob-accounts meant?\n',
    ])
    expect((await find('acme'))?.products).to.deep.equal(new Set(['ob_account']))
  })

  it('writes down who did it and what, and nothing secret', async () => {
    const { clientSecret } = printed(await run(devAppCreate, 'acme', '--name', 'Acme', '--client-key', 'k', '--json'))
    await run(devAppCreate, 'beta', '--name', 'Beta', '--by', 'deploy robot')
    const detail = { name: 'Acme', environment: 'production', client_key: 'k', products: '' }
    expect(registry.store.audit[0]).to.deep.equal({ id: 'acme', action: 'create', by: 'sam@workstation', detail })
    expect(registry.store.audit[1]?.by).to.equal('deploy robot')
    expect(JSON.stringify(registry.store.audit)).to.not.contain(clientSecret).and.not.contain('$hmac')
  })

  it('refuses an id or a ClientKey that another DevApp has, and prints no secret', async () => {
    holds(devApp())
    for (const argv of [
      ['acme', '--name', 'Another'],
      ['beta', '--name', 'Beta', '--client-key', 'acme-key'],
    ]) {
      const { code, stdout, stderr } = await run(devAppCreate, ...argv)
      expect([code, stdout]).to.deep.equal([1, ''])
      expect(stderr).to.match(/^devapp-authz devapp create: .*already.*\n$/)
    }
    expect(await registry.store.list()).to.deep.equal([devApp()])
  })

  const mistakes: [string, string[], RegExp][] = [
    ['no id', ['--name', 'Acme'], /which ID\?/],
    ['two ids', ['acme', 'beta', '--name', 'Acme'], /what is beta\?/],
    ['no name', ['acme'], /--name NAME is missing/],
    ['an id that stands in no header', ['ac me', '--name', 'Acme'], /ID: "ac me" cannot be used; write up to 128/],
    ['a ClientKey with a colon', ['acme', '--name', 'A', '--client-key', 'a:b'], /--client-key: .*without colon/],
    ['a name of two lines', ['acme', '--name', 'A\nB'], /--name: .*on one line/],
    ['another environment', ['acme', '--name', 'A', '--environment', 'test'], /expected production or staging/],
    ['a label without a value', ['acme', '--name', 'A', '--label', 'owner'], /--label: expected NAME=VALUE/],
    ['a label of no name', ['acme', '--name', 'A', '--label', '=x'], /--label: "" cannot be used/],
    ['an option that there is not', ['acme', '--name', 'A', '--nmae', 'A'], /--nmae/],
  ]
  for (const [title, argv, reason] of mistakes)
    it(`says what is wrong with ${title}, and how it is called`, async () => {
      const { code, stdout, stderr } = await run(devAppCreate, ...argv)
      expect([code, stdout]).to.deep.equal([2, ''])
      expect(stderr)
        .to.match(reason)
        .and.match(/\n\n.*Usage: devapp-authz devapp create ID/s)
      expect(await registry.store.list()).to.deep.equal([])
    })

  it('explains itself without a configuration', async () => {
    const { code, stdout } = await run(devAppCreate, '--help')
    expect(code).to.equal(0)
    expect(stdout).to.match(/Usage: devapp-authz devapp create ID --name NAME --config FILE/)
  })

  it('closes the store, whatever came', async () => {
    await run(devAppCreate, 'acme', '--name', 'Acme')
    await run(devAppCreate, 'acme', '--name', 'Acme')
    expect(registry.store.closed).to.equal(2)
  })
})
