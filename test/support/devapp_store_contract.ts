import { expect } from 'chai'
import type { DevApp, RegisteredCertificate } from '../../src/domain/devapp.ts'
import { certificateFromDer } from '../../src/pki/certificate.ts'
import type { RegistrySnapshot } from '../../src/registry/registry.ts'
import { hashGeneratedSecret } from '../../src/registry/secrets.ts'
import {
  type DevAppStore,
  RegistryError,
  type RegistryObserver,
  type RegistrySource,
} from '../../src/registry/store.ts'
import { devApp } from './evidence.ts'
import { Authority } from './pki.ts'
import { signingKey } from './signing_keys.ts'

/** A store that is empty at first. */
export interface OpenedStore {
  readonly store: DevAppStore
  /** A second way to the same DevApps, as another process has it. */
  readonly neighbour: DevAppStore
  /** Follows the store, once it is started. */
  readonly source: (observer: RegistryObserver) => RegistrySource
  /** Undoes what was opened, the stores too. */
  readonly close: () => Promise<void>
}

const root = Authority.root()
const issuing = root.issueAuthority()
const otherRoot = Authority.root({ commonName: 'Other Root CA' })

/** A new leaf with its chain. */
export function registeredLeaf(commonName: string, authority: Authority = issuing): RegisteredCertificate {
  const chain = authority === issuing ? [issuing.certificate, root.certificate] : [authority.certificate]
  const [issuer, ...above] = chain.map(({ der }) => certificateFromDer(der))
  return { leaf: certificateFromDer(authority.issue({ commonName }).der), chain: [issuer!, ...above] }
}

/** Everything that can be compared of a DevApp. */
export const contentOf = (each: DevApp | undefined): unknown =>
  each && {
    ...each,
    clientSecrets: each.clientSecrets.map(({ hash, notAfter }) => ({ hash, notAfter: notAfter?.toISOString() })),
    products: [...each.products].sort(),
    certificates: each.certificates.map(({ leaf, chain }) => [leaf, ...chain].map(({ sha256 }) => sha256)),
    publicKeys: each.publicKeys.map(({ spki, ...key }) => ({ ...key, spki: Buffer.from(spki).toString('hex') })),
    labels: { ...each.labels },
  }

const keys = { rsa: signingKey('rsa-v1_5-sha256', 'old.1').publicKey, ed: signingKey('ed25519').publicKey }

const full = (id: string): DevApp =>
  devApp({
    ...{ id, name: `${id}: "the" best, #1 – ${'$'}{not a variable}`, clientKey: `${id}-key` },
    ...{ environment: 'staging', status: 'disabled', products: new Set(['payments', 'data', 'true']) },
    clientSecrets: [
      { hash: hashGeneratedSecret('old'), notAfter: new Date('2026-12-31T23:00:00Z') },
      { hash: hashGeneratedSecret('new'), notAfter: undefined },
    ],
    certificates: [registeredLeaf(id), registeredLeaf(id, otherRoot)],
    publicKeys: [keys.rsa, { ...keys.ed, id: `${id}-2026` }],
    labels: { contact: `api@${id}.example`, 'cost-centre': '0012', note: 'a: b # c' },
  })

/** What every store of DevApps keeps, whatever it keeps them in. */
export function describeDevAppStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}, as a store of DevApps`, () => {
    let opened: OpenedStore
    let store: DevAppStore
    beforeEach(async () => {
      opened = await open()
      store = opened.store
    })
    afterEach(() => opened.close())

    const put = (after: DevApp, through: DevAppStore = store) =>
      through.change({ id: after.id, action: 'create', by: 'test', detail: {}, edit: () => after })
    const edit = (id: string, change: (current: DevApp) => DevApp, through: DevAppStore = store) =>
      through.change({ id, action: 'select_product', by: 'test', detail: {}, edit: (current) => change(current!) })
    const remove = (id: string) => store.change({ id, action: 'delete', by: 'test', detail: {}, edit: () => undefined })
    const refusal = (change: Promise<unknown>): Promise<unknown> =>
      change.then(
        () => 'it was accepted',
        (error: unknown) => error,
      )
    /** All that is stored, as a neighbour finds it. */
    const stored = async (): Promise<unknown[]> => (await opened.neighbour.list()).map(contentOf)

    it('is empty at first', async () => {
      expect(await store.list()).to.deep.equal([])
      expect(await store.find('acme')).to.equal(undefined)
      expect(await store.ownersOf('00'.repeat(32))).to.deep.equal([])
    })

    it('gives back every DevApp with all that was stored of it', async () => {
      const all = [full('acme'), devApp({ id: 'bare', clientKey: 'bare', products: new Set() }), full('beta')]
      for (const each of all) expect(contentOf(await put(each))).to.deep.equal(contentOf(each))
      expect(await stored()).to.have.deep.members(all.map(contentOf))
      for (const each of all) expect(contentOf(await opened.neighbour.find(each.id))).to.deep.equal(contentOf(each))
    })

    it('changes one field and leaves the others, and the other DevApps', async () => {
      const [acme, beta] = [full('acme'), full('beta')]
      await put(acme)
      await put(beta)
      const [first, second] = [acme.certificates[0]!, registeredLeaf('acme-renewed')]
      const changes: Partial<DevApp>[] = [
        { name: 'Another name' },
        { status: 'enabled' },
        { environment: 'production' },
        { clientKey: 'another-key' },
        { products: new Set(['data', 'accounts']) },
        { products: new Set() },
        { clientSecrets: [{ hash: acme.clientSecrets[1]!.hash, notAfter: new Date('2027-06-30T00:00:00Z') }] },
        { clientSecrets: [{ hash: hashGeneratedSecret('third'), notAfter: undefined }] },
        { clientSecrets: [] },
        { certificates: [first, second] },
        { certificates: [second] },
        { certificates: [] },
        { publicKeys: [keys.rsa] },
        { publicKeys: [{ ...keys.rsa, id: 'renamed' }, keys.ed] },
        { publicKeys: [keys.ed, { ...keys.rsa, algorithm: 'rsa-pss-sha512' }] },
        { publicKeys: [] },
        { labels: { contact: 'somebody.else@acme.example' } },
        { labels: {} },
        { labels: { again: 'x' }, products: new Set(['data']), certificates: [second, first], publicKeys: [keys.ed] },
      ]
      let current: DevApp = acme
      for (const change of changes) {
        current = { ...current, ...change }
        const after = current
        expect(contentOf(await edit('acme', () => after))).to.deep.equal(contentOf(after))
        expect(await stored(), JSON.stringify(Object.keys(change))).to.have.deep.members([after, beta].map(contentOf))
      }
    })

    it('tells a change what is there at that moment', async () => {
      await put(full('acme'))
      await edit('acme', (current) => ({ ...current, products: new Set([...current.products, 'loans']) }))
      await edit('acme', (current) => ({ ...current, products: new Set([...current.products, 'cards']) }))
      expect([...((await store.find('acme'))?.products ?? [])]).to.have.members([
        ...['payments', 'data', 'true', 'loans', 'cards'],
      ])
    })

    it('deletes a DevApp, and takes it anew', async () => {
      await put(full('acme'))
      await put(full('beta'))
      expect(await remove('acme')).to.equal(undefined)
      expect((await store.list()).map(({ id }) => id)).to.deep.equal(['beta'])
      await remove('beta')
      expect(await store.list()).to.deep.equal([])
      const again = full('acme')
      await put(again)
      expect(await stored()).to.deep.equal([contentOf(again)])
    })

    it('has nothing against deleting what is not there', async () => {
      expect(await remove('nobody')).to.equal(undefined)
    })

    it('knows whom a certificate serves, also several', async () => {
      const shared = registeredLeaf('shared')
      await put(devApp({ id: 'acme', clientKey: 'a', certificates: [shared, registeredLeaf('acme')] }))
      await put(devApp({ id: 'beta', clientKey: 'b', certificates: [shared] }))
      const owners = (await store.ownersOf(shared.leaf.sha256)).map(({ id }) => id)
      expect(owners).to.have.members(['acme', 'beta'])
      await remove('acme')
      expect((await store.ownersOf(shared.leaf.sha256)).map(({ id }) => id)).to.deep.equal(['beta'])
    })

    it('refuses a ClientKey that another DevApp has, and stores nothing', async () => {
      await put(full('acme'))
      const before = await stored()
      const taken = await refusal(put(devApp({ id: 'beta', clientKey: 'acme-key' })))
      expect(taken).to.be.instanceOf(RegistryError)
      expect((taken as Error).message)
        .to.contain('acme')
        .and.to.contain('ClientKey')
      await put(full('gamma'))
      expect(await refusal(edit('gamma', (current) => ({ ...current, clientKey: 'acme-key' })))).to.be.instanceOf(
        RegistryError,
      )
      await remove('gamma')
      expect(await stored()).to.deep.equal(before)
    })

    it('refuses to give a DevApp another id', async () => {
      await put(full('acme'))
      expect(await refusal(edit('acme', (current) => ({ ...current, id: 'beta' })))).to.be.instanceOf(RegistryError)
      expect((await store.list()).map(({ id }) => id)).to.deep.equal(['acme'])
    })

    it('ends a change with what it throws, and stores nothing', async () => {
      await put(full('acme'))
      const before = await stored()
      const reason = new Error('no such product')
      const failure = await refusal(
        edit('acme', () => {
          throw reason
        }),
      )
      expect(failure).to.equal(reason)
      expect(await stored()).to.deep.equal(before)
      await edit('acme', (current) => ({ ...current, status: 'enabled' }))
    })

    it('loses none of many changes at once', async () => {
      await put(devApp({ id: 'acme', clientKey: 'a', products: new Set() }))
      const names = Array.from({ length: 6 }, (_, i) => `product-${i}`)
      await Promise.all([
        ...names.map((name, i) =>
          edit(
            'acme',
            (current) => ({ ...current, products: new Set([...current.products, name]) }),
            i % 2 === 0 ? store : opened.neighbour,
          ),
        ),
        put(full('beta'), opened.neighbour),
      ])
      expect([...((await store.find('acme'))?.products ?? [])]).to.have.members(names)
      expect(await store.find('beta')).to.not.equal(undefined)
    })

    it('has a change in force within a second, wherever the store is followed', async () => {
      const told = new Told()
      const source = opened.source(told)
      try {
        await put(full('acme'))
        await source.start()
        expect(source.snapshot()?.byClientKey('acme-key')?.status).to.equal('disabled')
        const added = registeredLeaf('added')
        const began = performance.now()
        await edit('acme', (current) => ({
          ...current,
          status: 'enabled',
          certificates: [...current.certificates, added],
        }))
        const after = await told.next((snapshot) => snapshot.byClientKey('acme-key')?.status === 'enabled')
        expect(performance.now() - began).to.be.below(1_000)
        expect(after.bindingOf(added.leaf)).to.include({ status: 'registered' })
        await remove('acme')
        const without = await told.next((snapshot) => snapshot.byClientKey('acme-key') === undefined)
        expect(without.bindingOf(added.leaf)).to.deep.equal({ status: 'unregistered' })
        expect(told.refused).to.deep.equal([])
      } finally {
        await source.stop()
      }
    })
  })
}

/** What a source tells. */
class Told implements RegistryObserver {
  readonly refused: string[] = []
  #latest: RegistrySnapshot | undefined
  #onTold = (): void => {}

  readonly onLoaded = (snapshot: RegistrySnapshot): void => {
    this.#latest = snapshot
    this.#onTold()
  }
  readonly onRefused = ({ message }: Error): void => {
    this.refused.push(message)
  }

  /** The first snapshot for which it holds. */
  async next(awaited: (snapshot: RegistrySnapshot) => boolean): Promise<RegistrySnapshot> {
    for (;;) {
      if (this.#latest !== undefined && awaited(this.#latest)) return this.#latest
      await new Promise<void>((resolve) => {
        this.#onTold = resolve
      })
    }
  }
}
