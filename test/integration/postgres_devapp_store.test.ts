import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { PostgresDevAppStore } from '../../src/registry/postgres/postgres_devapp_store.ts'
import { PostgresSource } from '../../src/registry/postgres/postgres_source.ts'
import { hashGeneratedSecret } from '../../src/registry/secrets.ts'
import { RegistryError } from '../../src/registry/store.ts'
import { describeDevAppStore, registeredLeaf } from '../support/devapp_store_contract.ts'
import { devApp } from '../support/evidence.ts'
import { freePort } from '../support/free_port.ts'
import { Authority } from '../support/pki.ts'
import { findPostgres, startPostgres } from '../support/postgres.ts'
import { TestDatabase } from '../support/postgres_registry.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

describeDevAppStore('PostgreSQL', async () => {
  const database = await TestDatabase.migrated()
  const [store, neighbour] = [1, 2].map(() => new PostgresDevAppStore(database.options())) as [
    PostgresDevAppStore,
    PostgresDevAppStore,
  ]
  return {
    ...{ store, neighbour },
    source: (observer) => new PostgresSource({ ...database.options(), recheckMs: 10_000 }, observer),
    close: async () => {
      await Promise.all([store.close(), neighbour.close()])
    },
  }
})

/** What a RegistryError says that the promise rejects with. */
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof RegistryError ? error.message : `not a RegistryError: ${error}`),
  )

describe('DevApps in PostgreSQL', function () {
  this.timeout(30_000)
  let database: TestDatabase
  let store: PostgresDevAppStore
  const opened: PostgresDevAppStore[] = []
  beforeEach(async () => {
    database = await TestDatabase.migrated()
    store = open()
  })
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
  })

  function open(options = database.options()): PostgresDevAppStore {
    const store = new PostgresDevAppStore(options)
    opened.push(store)
    return store
  }
  const put = (id: string, changes: object = {}, to = store) => {
    const made = devApp({ id, clientKey: `${id}-key`, ...changes })
    const change = { action: 'create', by: 'alice', detail: { name: made.name } } as const
    return to.change({ ...change, id, edit: () => made })
  }
  const audit = () =>
    database.query(
      'SELECT revision, who, database_user, action, devapp, detail FROM devapp_authz.audit ORDER BY revision',
    )
  const at = { database_user: 'postgres', devapp: 'acme' }

  describe('the audit', () => {
    it('says who changed what and when, and holds no hash of a secret', async () => {
      const hash = hashGeneratedSecret('secret')
      await put('acme', { clientSecrets: [{ hash, notAfter: undefined }] })
      await store.change({ id: 'acme', action: 'delete', by: 'bob', detail: {}, edit: () => undefined })
      expect(await audit()).to.deep.equal([
        { ...at, revision: '1', who: 'alice', action: 'create', detail: { name: 'Acme' } },
        { ...at, revision: '2', who: 'bob', action: 'delete', detail: {} },
      ])
      const [times] = await database.query<{ ms: number }>(
        'SELECT extract(epoch FROM clock_timestamp() - min(at)) * 1000 AS ms FROM devapp_authz.audit',
      )
      expect(Number(times?.ms)).to.be.within(0, 30_000)
      expect(JSON.stringify(await database.query('SELECT * FROM devapp_authz.audit'))).not.to.contain(hash)
    })

    it('says nothing of a change that did not happen', async () => {
      await put('acme')
      await refusal(put('beta', { clientKey: 'acme-key' }))
      await store.change({ id: 'acme', action: 'enable', by: 'alice', detail: {}, edit: (current) => current })
      expect(await audit()).to.have.lengthOf(1)
    })

    it('says, too, what somebody changed by SQL', async () => {
      await put('acme')
      await database.query(`UPDATE devapp_authz.devapps SET status = 'disabled'`)
      await database.query(`INSERT INTO devapp_authz.client_secrets VALUES ('acme', 0, $1)`, [hashGeneratedSecret('x')])
      await database.query('DELETE FROM devapp_authz.devapps')
      const bySql = (statement: string) => ({ who: 'postgres', action: 'sql', detail: { statement } })
      expect((await audit()).slice(1)).to.deep.equal([
        { ...at, revision: '2', ...bySql('update') },
        { ...at, revision: '3', ...bySql('update') },
        { ...at, revision: '4', ...bySql('delete') },
      ])
    })

    it('is only added to', async () => {
      await put('acme')
      for (const change of [
        'UPDATE devapp_authz.audit SET who = $$eve$$',
        'DELETE FROM devapp_authz.audit',
        'TRUNCATE devapp_authz.audit',
      ])
        expect(await database.query(change).catch(({ message }) => message)).to.match(
          /of devapp_authz.audit is not allowed/,
        )
      expect(await audit()).to.have.lengthOf(1)
    })
  })

  it('keeps each path of CAs once, however many leaves it issued', async () => {
    for (const id of ['acme', 'beta', 'gamma']) await put(id, { certificates: [registeredLeaf(id)] })
    expect(await database.query('SELECT FROM devapp_authz.chains')).to.have.lengthOf(1)
  })

  it('refuses a certificate that the chain did not issue, or that is attached twice', async () => {
    const [leaf, other] = [registeredLeaf('acme'), registeredLeaf('acme', Authority.root())]
    expect(await refusal(put('acme', { certificates: [{ leaf: leaf.leaf, chain: other.chain }] }))).to.match(
      /was not issued by .*; attach its own chain/,
    )
    expect(await refusal(put('acme', { certificates: [leaf, leaf] }))).to.match(/is attached to the DevApp twice/)
    expect(await store.list()).to.deep.equal([])
  })

  describe('keeps wrong rows out by its tables:', () => {
    const wrong: readonly [what: string, sql: string][] = [
      ['an id with a space', `INSERT INTO devapp_authz.devapps VALUES ('a b', 'A', 'staging', 'enabled', 'a')`],
      ['a colon in a ClientKey', `UPDATE devapp_authz.devapps SET client_key = 'a:b'`],
      ['a ClientKey that is too long', `UPDATE devapp_authz.devapps SET client_key = repeat('a', 257)`],
      ['an unknown status', `UPDATE devapp_authz.devapps SET status = 'off'`],
      ['an unknown environment', `UPDATE devapp_authz.devapps SET environment = 'test'`],
      ['an empty name', `UPDATE devapp_authz.devapps SET name = ''`],
      ['an empty product', `UPDATE devapp_authz.devapps SET products = '{data,""}'`],
      ['a label that is no text', `UPDATE devapp_authz.devapps SET labels = '{"a": 1}'`],
      ['another id', `UPDATE devapp_authz.devapps SET id = 'beta'`],
      ['a secret instead of its hash', `INSERT INTO devapp_authz.client_secrets VALUES ('acme', 0, 'hunter2')`],
      ['a secret of nobody', `INSERT INTO devapp_authz.client_secrets VALUES ('x', 0, '$argon2id$a')`],
      ['a chain under another hash', `UPDATE devapp_authz.chains SET authorities = '{a}'`],
      ['a certificate under another hash', `UPDATE devapp_authz.certificates SET der = 'a'`],
      ['a chain that is in use', 'DELETE FROM devapp_authz.chains'],
      ['nothing at all', 'TRUNCATE devapp_authz.devapps CASCADE'],
      ['a second revision', 'INSERT INTO devapp_authz.revision VALUES (false, 0)'],
    ]
    it(`${wrong.map(([what]) => what).join(', ')}`, async () => {
      await put('acme', { certificates: [registeredLeaf('acme')] })
      for (const [what, sql] of wrong)
        expect(await database.query(sql).catch(({ code }) => code), what).to.be.oneOf(['23514', '23503', 'P0001'])
    })
  })

  it('comes back after its connection was lost', async () => {
    await put('acme')
    await database.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    )
    await refusal(store.list())
    expect(await store.list()).to.have.lengthOf(1)
  })

  describe('says what is wrong, and how to mend it:', () => {
    const empty = 'CREATE SCHEMA IF NOT EXISTS devapp_authz'
    it('no tables', async () => {
      const database = await TestDatabase.empty()
      expect(await refusal(open(database.options()).list())).to.equal(
        '0001_devapps.sql has not been applied to the database; run devapp-authz migrate',
      )
      await database.query(empty)
      expect(await refusal(open(database.options()).list())).to.contain('run devapp-authz migrate')
    })

    it('a wrong password, which it does not repeat', async () => {
      const url = new URL(database.server.url(database.name))
      url.password = 'hunter2'
      const said = await refusal(open(database.options({ url: url.href })).list())
      expect(said).to.equal(
        `PostgreSQL at ${url.host}/${database.name}: it refused the password; mend the user or the password`,
      )
    })

    it('no such database', async () => {
      const url = database.server.url('nowhere')
      expect(await refusal(open(database.options({ url })).list())).to.contain('there is no such database; create it')
    })

    it('nobody who listens', async () => {
      for (const url of [`postgresql://localhost:${await freePort()}/authz`, 'postgresql:///authz?host=/nowhere'])
        expect(await refusal(open(database.options({ url })).list())).to.match(/; start it, or mend the URL$/)
    })

    it('a server without TLS where TLS is asked for', async () => {
      expect(await refusal(open(database.options({ tls: {} })).list())).to.contain('it speaks no TLS')
    })

    it('no password file', async () => {
      const url = new URL(database.server.url(database.name))
      url.password = ''
      const said = await refusal(open(database.options({ url: url.href, password_file: '/nowhere/password' })).list())
      expect(said).to.equal(
        'the password file /nowhere/password cannot be read: ENOENT; mend registry.postgres.password_file',
      )
    })

    it('no permission, and reads where that is granted', async () => {
      await database.createUser('reader')
      const reader = () => open(database.options({}, 'reader'))
      expect(await refusal(reader().list())).to.contain('the user may not do this; log in as another, or grant')
      await database.query(
        'GRANT USAGE ON SCHEMA devapp_authz TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA devapp_authz TO reader',
      )
      await put('acme')
      expect(await reader().list()).to.have.lengthOf(1)
      expect(await refusal(put('beta', {}, reader()))).to.contain('the user may not do this')
      await database.query('DROP OWNED BY reader; DROP ROLE reader')
    })

    it('nothing to those who have what docs/registry.md grants, and the audit cannot be read by a service', async () => {
      const guide = readFileSync(fileURLToPath(new URL('../../docs/registry.md', import.meta.url)), 'utf8')
      const grants = [...guide.matchAll(/```sql\n(GRANT[^`]*)```/g)].map(([, sql = '']) => sql).join('')
      for (const user of ['devapp_authz', 'devapp_authz_admin']) await database.createUser(user)
      await database.query(grants)
      const admin = open(database.options({}, 'devapp_authz_admin'))
      await put('acme', { certificates: [registeredLeaf('acme')] }, admin)
      await put('acme', { status: 'disabled' }, admin)
      await admin.change({ id: 'acme', action: 'delete', by: 'alice', detail: {}, edit: () => undefined })
      await put('acme', {}, admin)
      const service = database.options({}, 'devapp_authz')
      const source = new PostgresSource({ ...service, recheckMs: 10_000 }, { onLoaded: () => {}, onRefused: () => {} })
      await source.start()
      expect(source.snapshot()?.devApps).to.have.lengthOf(1)
      await source.stop()
      expect(await refusal(put('beta', {}, open(service)))).to.contain('the user may not do this')
      const may = (user: string, what: string) =>
        database.query(`SELECT has_table_privilege('${user}', 'devapp_authz.audit', '${what}') AS may`)
      expect(await may('devapp_authz', 'SELECT')).to.deep.equal([{ may: false }])
      expect(await may('devapp_authz_admin', 'UPDATE, DELETE, TRUNCATE')).to.deep.equal([{ may: false }])
      await database.query('DROP OWNED BY devapp_authz, devapp_authz_admin; DROP ROLE devapp_authz, devapp_authz_admin')
    })

    it('another change that does not end', async () => {
      await put('acme')
      await database.connected(async (other) => {
        await other.query('BEGIN; SELECT devapp_authz.next_revision()')
        const impatient = open(database.options({ timeout: '100ms' }))
        expect(await refusal(put('beta', {}, impatient))).to.match(
          /another change took too long|a statement took too long/,
        )
      })
    })
  })

  it('takes the password from a file, a new one for the next connection', async () => {
    const folder = temporaryFolder('password')
    try {
      const file = join(folder.path, 'password')
      const url = new URL(database.server.url(database.name))
      writeFileSync(file, `wrong\n`)
      const options = database.options({ url: url.href.replace(/:[^:@]*@/, '@'), password_file: file })
      const store = open(options)
      expect(await refusal(store.list())).to.contain('it refused the password')
      writeFileSync(file, `${decodeURIComponent(url.password)}\n`)
      expect(await store.list()).to.deep.equal([])
    } finally {
      folder.remove()
    }
  })

  it('connects over the Unix socket', async () => {
    const url = database.server.socketUrl(database.name)
    expect(await open(database.options({ url })).list()).to.deep.equal([])
  })

  it('connects over TLS to the server that it means, and to no other', async () => {
    const folder = temporaryFolder('postgres-tls')
    const root = Authority.root({ now: new Date() })
    const certificate = root.issue({ subjectAltNames: ['db.example.com'], extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })
    mkdirSync(join(folder.path, 'ca'))
    const ca = join(folder.path, 'ca', 'root.pem')
    writeFileSync(ca, root.chainPem)
    const server = await startPostgres(await findPostgres(() => {}), {
      settings: ['ssl=on'],
      files: { 'server.crt': certificate.pem, 'server.key': certificate.privateKeyPem },
    })
    try {
      const url = server.url(await server.createDatabase())
      const said = (tls: object) => refusal(open(database.options({ url, tls })).list())
      expect(await said({ ca, server_name: 'db.example.com' })).to.contain('run devapp-authz migrate')
      expect(await said({ ca })).to.contain('its certificate is for another name')
      expect(await said({ server_name: 'db.example.com' })).to.contain('its certificate is not trusted')
    } finally {
      await server.stop()
      folder.remove()
    }
  })
})
