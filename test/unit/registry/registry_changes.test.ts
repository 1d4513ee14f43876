import { expect } from 'chai'
import type { DevApp } from '../../../src/domain/devapp.ts'
import { type RegistryChange, RegistryChanges } from '../../../src/registry/registry_changes.ts'
import { certificate, devApp, registered } from '../../support/evidence.ts'

const secret = (hash: string, notAfter?: Date) => ({ hash, notAfter })
const leaf = (sha256: string) => registered(certificate({ sha256 }))

/** What is said of the step from one state to the next. */
function changes(before: readonly DevApp[], after: readonly DevApp[]): readonly RegistryChange[] {
  const followed = new RegistryChanges()
  expect(followed.since(before)).to.deep.equal([])
  return followed.since(after)
}

/** What is said of a DevApp that becomes another. */
function changed(before: Partial<DevApp>, after: Partial<DevApp>): object | undefined {
  const [said, ...more] = changes([devApp(before)], [devApp(after)])
  expect(more).to.deep.equal([])
  if (said === undefined) return undefined
  const { devapp, change, ...rest } = said
  expect([devapp, change]).to.deep.equal(['acme', 'changed'])
  return rest
}

describe('the changes to a registry', () => {
  it('name what was added, with what it may do, and what was removed', () => {
    const added = devApp({ id: 'beta', name: 'Beta', certificates: [leaf('ab')], clientSecrets: [secret('h')] })
    expect(changes([devApp()], [added])).to.deep.equal([
      {
        ...{ devapp: 'beta', change: 'added', name: 'Beta', status: 'enabled', environment: 'production' },
        ...{ products_added: ['data'], certificates_added: ['ab'], secrets_added: 1 },
      },
      { devapp: 'acme', change: 'removed' },
    ])
  })

  it('name what differs of a DevApp, and nothing else', () => {
    expect(changed({}, { status: 'disabled' })).to.deep.equal({ status: 'disabled' })
    expect(changed({}, { environment: 'staging', name: 'New' })).to.deep.equal({ environment: 'staging', name: 'New' })
    expect(changed({}, { products: new Set(['accounts']) })).to.deep.equal({
      products_added: ['accounts'],
      products_removed: ['data'],
    })
    expect(changed({ certificates: [leaf('aa')] }, { certificates: [leaf('bb')] })).to.deep.equal({
      certificates_added: ['bb'],
      certificates_removed: ['aa'],
    })
    expect(changed({ labels: { owner: 'a' } }, { labels: { owner: 'b' } })).to.deep.equal({ labels: 'changed' })
  })

  it('tell another chain above the same leaf', () => {
    const other = { ...leaf('aa'), chain: [certificate({ sha256: 'cc' })] as const }
    expect(changed({ certificates: [leaf('aa')] }, { certificates: [other] })).to.deep.equal({ chains_changed: ['aa'] })
  })

  it('count secrets, and never say a hash or a ClientKey', () => {
    const [before, after] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-02-01T00:00:00Z')]
    const said = changed(
      { clientKey: 'old-key', clientSecrets: [secret('hash-1', before), secret('hash-2')] },
      { clientKey: 'new-key', clientSecrets: [secret('hash-1', after), secret('hash-3')] },
    )
    expect(said).to.deep.equal({
      ...{ client_key: 'changed', secrets_added: 1, secrets_removed: 1, secrets_rescheduled: 1 },
    })
    expect(JSON.stringify(said)).to.not.match(/hash-|-key/)
  })

  it('are none where a DevApp is the same, as an object or in what it holds', () => {
    const same = devApp({ certificates: [leaf('aa')], clientSecrets: [secret('h')] })
    expect(changes([same], [same])).to.deep.equal([])
    expect(changed({ labels: { a: '1', b: '2' } }, { labels: { b: '2', a: '1' } })).to.equal(undefined)
  })

  it('are counted from the last state', () => {
    const followed = new RegistryChanges()
    followed.since([devApp()])
    followed.since([devApp({ status: 'disabled' })])
    expect(followed.since([devApp()])).to.deep.equal([{ devapp: 'acme', change: 'changed', status: 'enabled' }])
    expect(followed.since([])).to.deep.equal([{ devapp: 'acme', change: 'removed' }])
    expect(followed.since([devApp()])[0]).to.include({ devapp: 'acme', change: 'added' })
  })

  it('cost under a second of a hundred thousand DevApps of which one changes', () => {
    const all = Array.from({ length: 100_000 }, (_, i) => devApp({ id: `app-${i}` }))
    const followed = new RegistryChanges()
    followed.since(all)
    const started = performance.now()
    expect(followed.since(all.with(5, devApp({ id: 'app-5', status: 'disabled' })))).to.have.length(1)
    expect(performance.now() - started).to.be.below(1_000)
  })
})
