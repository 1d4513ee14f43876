import { expect } from 'chai'
import { devAppDelete } from '../../../src/cli/devapp_delete.ts'
import { devAppSelectProduct } from '../../../src/cli/devapp_select_product.ts'
import { devAppDisable, devAppEnable } from '../../../src/cli/devapp_status.ts'
import { devApp } from '../../support/evidence.ts'
import { devAppRegistry, printed } from './devapp_fixture.ts'

const registry = () => {
  const fixture = devAppRegistry()
  beforeEach(() => fixture.holds(devApp(), devApp({ id: 'beta', clientKey: 'beta-key' })))
  return fixture
}

describe('devapp-authz devapp disable and enable', () => {
  const { registry: held, find, run } = registry()

  it('switch a DevApp off and on again, with all that it has', async () => {
    const disabled = await run(devAppDisable, 'acme')
    expect(disabled).to.deep.equal({
      ...{ code: 0, stderr: '' },
      stdout: 'acme is disabled: its requests are refused with devapp_disabled\n',
    })
    expect(await find('acme')).to.deep.equal(devApp({ status: 'disabled' }))
    expect((await run(devAppEnable, 'acme')).stdout).to.equal('acme is enabled: its requests are judged again\n')
    expect(await find('acme')).to.deep.equal(devApp())
    expect(held.store.audit.map(({ action, by }) => `${action} by ${by}`)).to.deep.equal([
      'disable by sam@workstation',
      'enable by sam@workstation',
    ])
  })

  it('are done where it is so already, and write nothing', async () => {
    expect(await run(devAppEnable, 'acme')).to.deep.include({ code: 0, stdout: 'acme was enabled already\n' })
    expect(printed(await run(devAppEnable, 'acme', '--json'))).to.deep.include({ changed: false, warnings: [] })
    expect(held.store.audit).to.deep.equal([])
  })

  it('say that there is no such DevApp', async () => {
    const { code, stdout, stderr } = await run(devAppDisable, 'acne')
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.match(/^devapp-authz devapp disable: there is no DevApp acne: [^\n]+\n$/)
  })
})

describe('devapp-authz devapp select-product', () => {
  const { registry: held, find, run } = registry()

  it('selects products besides those that were, and takes them away', async () => {
    const selected = await run(devAppSelectProduct, 'acme', 'ob-accounts', 'data')
    expect(selected).to.deep.equal({ code: 0, stdout: 'acme has now selected data, ob-accounts\n', stderr: '' })
    expect((await find('acme'))?.products).to.deep.equal(new Set(['data', 'ob-accounts']))
    const removed = await run(devAppSelectProduct, 'acme', 'data', 'ob-accounts', '--remove')
    expect(removed).to.deep.equal({ code: 0, stdout: 'acme has now selected no product\n', stderr: '' })
    expect((await find('acme'))?.products).to.deep.equal(new Set())
    expect(held.store.audit.map(({ detail }) => detail)).to.deep.equal([
      { added: 'ob-accounts, data' },
      { removed: 'data, ob-accounts' },
    ])
  })

  it('is done where it is so already, and writes nothing', async () => {
    expect((await run(devAppSelectProduct, 'acme', 'data')).stdout).to.equal('nothing to do: acme had selected data\n')
    expect((await run(devAppSelectProduct, 'acme', 'ob-accounts', '--remove')).stdout).to.equal(
      'nothing to do: acme had selected data\n',
    )
    expect(held.store.audit).to.deep.equal([])
  })

  it('warns of a product that no policy asks for, and names the one that is meant', async () => {
    const { code, stderr } = await run(devAppSelectProduct, 'acme', 'ob-acounts', 'payments')
    expect(code).to.equal(0)
    expect(stderr.split('\n')).to.deep.equal([
      'devapp-authz devapp select-product: warning: no policy of the configuration asks for the product ob-acounts; is ob-accounts meant?',
      'devapp-authz devapp select-product: warning: no policy of the configuration asks for the product payments',
      '',
    ])
    expect((await run(devAppSelectProduct, 'acme', 'payments', '--remove')).stderr).to.equal('')
  })

  it('needs a product', async () => {
    expect(await run(devAppSelectProduct, 'acme')).to.deep.include({ code: 2, stdout: '' })
    expect((await run(devAppSelectProduct, 'acme', '')).stderr).to.match(/PRODUCT: "" cannot be used/)
  })
})

describe('devapp-authz devapp delete', () => {
  const { registry: held, find, run, calling } = registry()

  it('deletes without a question where --yes says so', async () => {
    expect(await run(devAppDelete, 'acme', '--yes')).to.deep.equal({ code: 0, stdout: 'deleted acme\n', stderr: '' })
    expect(await find('acme')).to.equal(undefined)
    expect((await find('beta'))?.id).to.equal('beta')
    const detail = { name: 'Acme', client_key: 'acme-key' }
    expect(held.store.audit).to.deep.equal([{ id: 'acme', action: 'delete', by: 'sam@workstation', detail }])
  })

  it('tells programs that nothing is left', async () => {
    expect(printed(await run(devAppDelete, 'acme', '--yes', '--json'))).to.deep.equal({
      ...{ devApp: null, changed: true, warnings: [] },
    })
  })

  it('asks the person at the terminal, and keeps the DevApp unless its id is the answer', async () => {
    for (const answer of ['', 'y', 'beta']) {
      const { code, stderr } = await calling({ answer })(devAppDelete, 'acme')
      expect([code, stderr]).to.deep.equal([1, 'devapp-authz devapp delete: acme was kept\n'])
    }
    expect(held.asked[0]).to.match(/^Delete acme \(Acme\), which is enabled\?/)
    expect((await find('acme'))?.id).to.equal('acme')
    expect((await calling({ answer: ' acme ' })(devAppDelete, 'acme')).code).to.equal(0)
    expect(await find('acme')).to.equal(undefined)
  })

  it('deletes nothing where nobody can be asked', async () => {
    const { code, stderr } = await run(devAppDelete, 'acme')
    expect(code).to.equal(2)
    expect(stderr).to.match(/nobody can be asked here: --yes is needed/)
    expect((await find('acme'))?.id).to.equal('acme')
  })

  it('says that there is no such DevApp', async () => {
    expect(await run(devAppDelete, 'acne', '--yes')).to.deep.include({ code: 1, stdout: '' })
  })
})
