import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { migrateCommand } from '../../src/cli/migrate.ts'
import { type Migration, migrate, migrations, requireMigrated } from '../../src/registry/postgres/migrations.ts'
import { RegistryError } from '../../src/registry/store.ts'
import { TestDatabase } from '../support/postgres_registry.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { validFile } from '../unit/config/fixture.ts'

const names = migrations().map(({ name }) => name)
const next: Migration = { version: 9_999, name: '9999_next.sql', sql: 'CREATE TABLE next ()', checksum: 'c' }

/** What a RegistryError says that the promise rejects with. */
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof RegistryError ? error.message : `not a RegistryError: ${error}`),
  )

describe('the migrations of the registry', function () {
  this.timeout(30_000)
  let database: TestDatabase
  beforeEach(async () => {
    database = await TestDatabase.empty()
  })

  const applied = () =>
    database.query<{ name: string; applied_by: string }>('SELECT name, applied_by FROM devapp_authz.migrations')
  const schemas = () => database.query(`SELECT FROM pg_namespace WHERE nspname = 'devapp_authz'`)

  it('are applied once, and say so', async () => {
    await database.connected(async (client) => {
      expect(await migrate(client)).to.deep.equal({ present: [], applied: names, pending: [] })
      expect(await migrate(client)).to.deep.equal({ present: names, applied: [], pending: [] })
    })
    expect(await applied()).to.deep.equal(names.map((name) => ({ name, applied_by: 'postgres' })))
  })

  it('are applied once by several processes at a time', async () => {
    const reports = await Promise.all(Array.from({ length: 4 }, () => database.connected((client) => migrate(client))))
    expect(reports.filter((report) => report.applied.length > 0)).to.have.lengthOf(1)
    expect(await applied()).to.have.lengthOf(names.length)
  })

  it('wait for whoever migrates already, but not for ever', async () => {
    await database.connected(async (other) => {
      await other.query(`BEGIN; SELECT pg_advisory_xact_lock(${0x6461617a})`)
      const impatient = database.connected(async (client) => {
        await client.query("SET lock_timeout = '50ms'")
        return migrate(client)
      })
      expect(await impatient.catch(({ code }) => code)).to.equal('55P03')
      expect(await schemas()).to.deep.equal([])
    })
  })

  it('are only listed in a dry run', async () => {
    await database.connected(async (client) => {
      expect(await migrate(client, { dryRun: true })).to.deep.equal({ present: [], applied: [], pending: names })
    })
    expect(await schemas()).to.deep.equal([])
  })

  it('are all applied or none', async () => {
    const broken = { ...next, sql: 'CREATE TABLE devapp_authz.half (); SELECT nonsense' }
    await database.connected(async (client) => {
      const failure = await migrate(client, { known: [...migrations(), broken] }).catch(({ message }) => message)
      expect(failure).to.contain('nonsense')
    })
    expect(await schemas()).to.deep.equal([])
  })

  it('leave a database alone that is newer than the program, which a running service may go on with', async () => {
    await database.connected(async (client) => {
      await migrate(client, { known: [...migrations(), next] })
      expect(await refusal(migrate(client))).to.equal(
        'the database has 9999_next.sql, which this program does not know; install the newer program',
      )
      await requireMigrated(client)
    })
  })

  it('are refused where one is not what was applied', async () => {
    await database.connected(async (client) => {
      await migrate(client)
      await client.query(`UPDATE devapp_authz.migrations SET checksum = 'other'`)
      expect(await refusal(migrate(client))).to.match(/^0001_devapps.sql is not what was applied as 0001_devapps.sql; /)
    })
  })

  describe('devapp-authz migrate', () => {
    const folder = temporaryFolder('migrate')
    const config = join(folder.path, 'authz.yaml')
    after(() => folder.remove())

    const configure = (registry: object) => writeFileSync(config, stringify({ ...validFile(), registry }))
    beforeEach(() => configure({ postgres: { url: database.server.url(database.name) } }))

    async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
      const written = { stdout: '', stderr: '' }
      const write = (stream: 'stdout' | 'stderr') => (text: string) => {
        written[stream] += text
      }
      const code = await migrateCommand(argv, { stdout: write('stdout'), stderr: write('stderr') })
      return { code, ...written }
    }

    it('says what it would apply, what it applied, and that nothing is left', async () => {
      const said = async (...more: string[]) =>
        (await run('--config', config, ...more)).stdout.replace(/^.*?\/\w+: /, '')
      expect(await said('--dry-run')).to.equal(`would apply ${names.join(', ')}\n`)
      expect(await said()).to.equal(`applied ${names.join(', ')}\n`)
      expect(await said()).to.equal(`nothing to apply: ${names.at(-1)} is there\n`)
    })

    it('says it as JSON', async () => {
      const { code, stdout } = await run('--config', config, '--json')
      expect(code).to.equal(0)
      const host = new URL(database.server.url(database.name)).host
      expect(JSON.parse(stdout)).to.deep.equal({
        ...{ database: `PostgreSQL at ${host}/${database.name}`, present: [], applied: names, pending: [] },
      })
    })

    it('says what is missing to one who may not create tables, and no password', async () => {
      await database.createUser('nobody_special')
      configure({ postgres: { url: database.server.url(database.name, 'nobody_special') } })
      const { code, stdout, stderr } = await run('--config', config)
      expect([code, stdout]).to.deep.equal([1, ''])
      expect(stderr).to.match(/^devapp-authz migrate: PostgreSQL at \S+: the user may not do this; log in as another/)
      expect(stderr).not.to.contain('password')
    })

    it('has nothing to do where the DevApps are in a file', async () => {
      configure({ file: 'devapps.yaml' })
      expect(await run('--config', config)).to.deep.include({
        ...{ code: 1, stderr: 'devapp-authz migrate: the DevApps are in a file, which has no tables to migrate\n' },
      })
    })

    it('explains itself, and wrong calls', async () => {
      expect(await run('--help')).to.deep.include({ code: 0, stderr: '' })
      for (const argv of [[], ['--config'], ['--quiet'], ['--config', config, 'more']])
        expect((await run(...argv)).code).to.equal(2)
    })
  })
})
