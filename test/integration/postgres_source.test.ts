import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import type { DevApp } from '../../src/domain/devapp.ts'
import { migrate } from '../../src/registry/postgres/migrations.ts'
import { PostgresDevAppStore } from '../../src/registry/postgres/postgres_devapp_store.ts'
import { PostgresSource } from '../../src/registry/postgres/postgres_source.ts'
import type { RegistrySnapshot } from '../../src/registry/registry.ts'
import { registeredLeaf } from '../support/devapp_store_contract.ts'
import { devApp } from '../support/evidence.ts'
import { Authority } from '../support/pki.ts'
import { TestDatabase } from '../support/postgres_registry.ts'
import { startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { validFile } from '../unit/config/fixture.ts'

/** What the source told: the ids and states in force, or why it refused. */
type Told = Readonly<Record<string, DevApp['status']>> | string

/** A source, and what it tells. Its name is what the database calls its connection. */
class Followed {
  readonly source: PostgresSource
  readonly told: Told[] = []
  #waiting: (() => void) | undefined

  constructor(database: TestDatabase, { recheckMs = 60_000, ...changes }: { recheckMs?: number } & object = {}) {
    const options = { ...database.options(changes), recheckMs }
    this.source = new PostgresSource(options, {
      onLoaded: (snapshot) => this.#tell(statesIn(snapshot)),
      onRefused: ({ message }) => this.#tell(message),
      onBroken: ({ devApps, reason }) => this.#tell(`${devApps}: ${reason}`),
    })
  }

  get states(): Told | undefined {
    const snapshot = this.source.snapshot()
    return snapshot && statesIn(snapshot)
  }

  /** Resolves once it has told what is awaited. */
  async until(awaited: (told: Told) => boolean): Promise<void> {
    while (!this.told.some(awaited)) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
  }

  #tell(told: Told): void {
    this.told.push(told)
    this.#waiting?.()
  }
}

const statesIn = ({ devApps }: RegistrySnapshot) => Object.fromEntries(devApps.map(({ id, status }) => [id, status]))
const has =
  (id: string, status: DevApp['status'] = 'enabled') =>
  (told: Told): boolean =>
    typeof told === 'object' && told[id] === status
const lacks =
  (id: string) =>
  (told: Told): boolean =>
    typeof told === 'object' && told[id] === undefined
const says =
  (text: string | RegExp) =>
  (told: Told): boolean =>
    typeof told === 'string' && (typeof text === 'string' ? told.includes(text) : text.test(told))

describe('PostgresSource', function () {
  this.timeout(30_000)
  let database: TestDatabase
  let store: PostgresDevAppStore
  const followed: Followed[] = []
  beforeEach(async () => {
    database = await TestDatabase.migrated()
    store = new PostgresDevAppStore(database.options())
  })
  afterEach(async () => {
    for (const each of followed.splice(0)) await each.source.stop()
    await store.close()
  })

  function follow(options: object = {}): Followed {
    const each = new Followed(database, options)
    followed.push(each)
    return each
  }
  async function started(options: object = {}): Promise<Followed> {
    const each = follow(options)
    await each.source.start()
    return each
  }
  const put = (id: string, changes: object = {}) => {
    const made = devApp({ id, clientKey: `${id}-key`, ...changes })
    return store.change({ id, action: 'create', by: 'test', detail: {}, edit: () => made })
  }
  const remove = (id: string) => store.change({ id, action: 'delete', by: 'test', detail: {}, edit: () => undefined })
  /** Breaks the connections of everybody else, as a firewall does. */
  const cutAll = () =>
    database.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    )

  it('has read all DevApps with their certificates once it has started', async () => {
    const certificates = [registeredLeaf('acme')]
    await put('acme', { certificates })
    await put('beta', { status: 'disabled' })
    const { source, states, told } = await started()
    expect(states).to.deep.equal({ acme: 'enabled', beta: 'disabled' })
    expect(told).to.have.lengthOf(1)
    expect(source.snapshot()?.bindingOf(certificates[0]!.leaf).status).to.equal('registered')
  })

  it('tells every process of a change, an addition and a deletion within a second', async () => {
    await put('acme')
    const fleet = [await started(), await started()]
    const began = performance.now()
    await put('acme', { status: 'disabled' })
    await put('beta')
    await remove('acme')
    await Promise.all(fleet.map((each) => each.until((told) => lacks('acme')(told) && has('beta')(told))))
    expect(performance.now() - began).to.be.below(1_000)
    for (const each of fleet) expect(each.states).to.deep.equal({ beta: 'enabled' })
  })

  it('follows what somebody changes by SQL', async () => {
    await put('acme', { certificates: [registeredLeaf('acme')] })
    const each = await started()
    await database.query(`UPDATE devapp_authz.devapps SET status = 'disabled'`)
    await each.until(has('acme', 'disabled'))
    await database.query('DELETE FROM devapp_authz.certificates')
    while (each.source.snapshot()?.certificates.length !== 0) await each.source.reload()
    await database.query(`INSERT INTO devapp_authz.devapps VALUES ('beta', 'Beta', 'staging', 'enabled', 'b')`)
    await each.until(has('beta'))
  })

  it('keeps the very DevApps that did not change, and reads only the others', async () => {
    for (const id of ['acme', 'beta', 'gamma']) await put(id)
    const each = await started()
    const before = each.source.snapshot()?.byClientKey('acme-key')
    // What is damaged without a trace would show, were it read again.
    await database.query(`
      ALTER TABLE devapp_authz.devapps DISABLE TRIGGER ALL;
      UPDATE devapp_authz.devapps SET name = 'not announced' WHERE id = 'acme';
      ALTER TABLE devapp_authz.devapps ENABLE TRIGGER ALL`)
    await put('beta', { status: 'disabled' })
    await each.until(has('beta', 'disabled'))
    expect(each.source.snapshot()?.byClientKey('acme-key')).to.equal(before)
  })

  it('takes many changes over together', async () => {
    const each = await started()
    await database.query(
      `INSERT INTO devapp_authz.devapps (id, name, environment, status, client_key)
       SELECT 'bulk-' || n, 'Bulk', 'staging', 'enabled', 'bulk-' || n FROM generate_series(1, 2500) AS n`,
    )
    await each.until(has('bulk-2500'))
    expect(each.source.snapshot()?.devApps).to.have.lengthOf(2_500)
    expect(each.told).to.have.lengthOf(2)
  })

  it('does not read again where nothing has changed', async () => {
    await put('acme')
    const each = await started()
    const before = each.source.snapshot()
    await each.source.reload()
    expect(each.source.snapshot()).to.equal(before)
    expect(each.told).to.have.lengthOf(1)
  })

  it('finds by itself what was not announced', async () => {
    const each = await started({ recheckMs: 20 })
    await database.query(`
      ALTER TABLE devapp_authz.devapps DISABLE TRIGGER ALL;
      INSERT INTO devapp_authz.devapps VALUES ('acme', 'Acme', 'staging', 'enabled', 'a', '{}', '{}', 1);
      UPDATE devapp_authz.revision SET revision = 1;
      ALTER TABLE devapp_authz.devapps ENABLE TRIGGER ALL`)
    await each.until(has('acme'))
  })

  it('says since when what is in force may be old', async () => {
    const each = follow({ recheckMs: 20 })
    expect(each.source.freshness()).to.deep.equal({ connected: false, asOf: undefined })
    await each.source.start()
    const { connected, asOf } = each.source.freshness()
    expect(connected).to.equal(true)
    expect(Date.now() - Number(asOf)).to.be.within(0, 10_000)
    while (Number(each.source.freshness().asOf) === Number(asOf)) await each.source.reload()
    await each.source.stop()
    expect(each.source.freshness().connected).to.equal(false)
  })

  it('comes back when its connection was cut, with what it missed', async () => {
    await put('acme')
    const each = await started()
    await cutAll()
    await put('acme', { status: 'disabled' }).catch(() => put('acme', { status: 'disabled' }))
    await each.until(has('acme', 'disabled'))
    expect(each.source.freshness().connected).to.equal(true)
    await put('beta')
    await each.until(has('beta'))
  })

  it('goes on with the last state while the database is down, says so, and takes over what is there afterwards', async () => {
    await put('acme')
    const each = await started()
    const before = each.source.snapshot()
    await database.server.kill()
    await each.until(says('nobody listens there'))
    const { connected, asOf } = each.source.freshness()
    expect(connected).to.equal(false)
    expect(asOf).to.be.an.instanceOf(Date)
    expect(each.source.snapshot()).to.equal(before)
    await each.source.reload()
    expect(each.source.snapshot()).to.equal(before)
    await database.server.restart()
    await put('beta').catch(() => put('beta'))
    await each.until(has('beta'))
  })

  it('waits for a database that is down when it starts', async () => {
    await put('acme')
    await database.server.kill()
    const each = await started()
    expect(each.source.snapshot()).to.equal(undefined)
    expect(each.told[0]).to.contain('nobody listens there; start it, or mend the URL')
    await database.server.restart()
    await each.until(has('acme'))
  })

  it('waits for the tables', async () => {
    database = await TestDatabase.empty()
    const each = await started()
    expect(each.told).to.deep.equal(['0001_devapps.sql has not been applied to the database; run devapp-authz migrate'])
    await database.connected((client) => migrate(client))
    await each.until(lacks('acme'))
  })

  it('stops while the database is down', async () => {
    await database.server.kill()
    const each = await started()
    await each.source.stop()
    await each.source.reload()
    expect(each.source.snapshot()).to.equal(undefined)
    await database.server.restart()
  })

  describe('a DevApp whose rows cannot be read', () => {
    /** A chain of which nothing is a certificate. */
    const spoil = (id: string) =>
      database.query(
        `WITH chain AS (
           INSERT INTO devapp_authz.chains SELECT devapp_authz.sha256_of(ders), ders FROM (SELECT '{nonsense}'::bytea[] AS ders) AS each
           ON CONFLICT (sha256) DO UPDATE SET authorities = excluded.authorities RETURNING sha256)
         UPDATE devapp_authz.certificates SET chain = chain.sha256 FROM chain WHERE devapp = $1`,
        [id],
      )
    const certificates = [registeredLeaf('acme')]

    it('stays as it was, and does not keep the changes of others', async () => {
      await put('acme', { certificates })
      const each = await started()
      await spoil('acme')
      await each.until(
        says(/^the DevApp acme cannot be read: not a readable X.509 certificate.*; mend its rows in Postgre/),
      )
      await put('beta')
      await each.until(has('beta'))
      expect(each.source.snapshot()?.bindingOf(certificates[0]!.leaf).status).to.equal('registered')

      await cutAll()
      each.told.length = 0
      await each.until(has('acme'))
      expect(each.source.snapshot()?.bindingOf(certificates[0]!.leaf).status).to.equal('registered')

      await store.list().catch(() => {})
      await database.query('DELETE FROM devapp_authz.certificates')
      each.told.length = 0
      await each.source.reload()
      expect(each.source.snapshot()?.bindingOf(certificates[0]!.leaf).status).to.equal('unregistered')
    })

    it('is not there when nothing is known of it from before', async () => {
      await put('acme', { certificates })
      await put('beta')
      await spoil('acme')
      const each = await started()
      expect(each.states).to.deep.equal({ beta: 'enabled' })
      expect(each.told.some(says('the DevApp acme cannot be read'))).to.equal(true)
    })
  })

  it('does not take a leaf for registered that its chain did not issue, and says so', async () => {
    const certificates = [registeredLeaf('acme')]
    const stranger = Authority.root({ commonName: 'Stranger' })
    await put('acme', { certificates })
    await put('beta', { certificates: [registeredLeaf('beta', stranger)] })
    await database.query(
      `UPDATE devapp_authz.certificates SET chain = (SELECT chain FROM devapp_authz.certificates WHERE devapp = 'beta')`,
    )
    const each = await started()
    expect(each.source.snapshot()?.bindingOf(certificates[0]!.leaf).status).to.equal('unregistered')
    expect(each.told.some(says(/^acme: .* was not issued by CN=Stranger/))).to.equal(true)
  })

  describe('devapp-authz serve', () => {
    it('waits for a database that is down, reads it when it is there, and says no password', async () => {
      await put('acme')
      const folder = temporaryFolder('serve-postgres')
      const config = join(folder.path, 'authz.yaml')
      const registry = { postgres: { url: database.server.url(database.name) } }
      const listening = { listen: `unix:${folder.path}/authz.sock`, admin: `unix:${folder.path}/admin.sock` }
      writeFileSync(config, stringify({ ...validFile(), ...listening, registry }))
      await database.server.kill()
      const service = await startService({ config })
      try {
        const [refused] = service.log()
        expect(refused).to.include({ level: 'error', msg: 'registry refused: what was in force stays' })
        expect(refused?.['reason']).to.contain('nobody listens there; start it, or mend the URL')
        await database.server.restart()
        const loaded = await service.logged(({ msg }) => msg === 'registry loaded')
        expect(loaded['devapps']).to.equal(1)
        const [connection] = await database.query(
          `SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name <> ''`,
        )
        expect(connection).to.deep.equal({ application_name: 'devapp-authz serve' })
        expect(service.output()).not.to.contain('password')
        expect(await service.stop()).to.equal(0)
      } finally {
        await service.stop()
        folder.remove()
      }
    })
  })
})
