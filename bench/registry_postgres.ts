/** The same registry in a real PostgreSQL, which is made for the run and gone afterwards. */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import { postgresSchema } from '../src/config/postgres_schema.ts'
import type { DevApp, RegisteredCertificate } from '../src/domain/devapp.ts'
import { FileDevAppStore } from '../src/registry/file/file_devapp_store.ts'
import { connectPostgres, disconnect, inTransaction, postgresOptions } from '../src/registry/postgres/connection.ts'
import { migrate } from '../src/registry/postgres/migrations.ts'
import { PostgresDevAppStore } from '../src/registry/postgres/postgres_devapp_store.ts'
import { RegistrySnapshot } from '../src/registry/registry.ts'
import { findPostgres, startPostgres } from '../test/support/postgres.ts'
import type { BenchRegistry } from './bench_registry.ts'

const pageSize = 2_000

/** A database with the DevApps of that file. */
export async function openPostgres(file: string): Promise<BenchRegistry> {
  const devApps = await new FileDevAppStore(file).list()
  const server = await startPostgres(await findPostgres(() => {}))
  const url = server.url(await server.createDatabase())
  const options = postgresOptions(postgresSchema.parse({ url, timeout: '10m' }), 'bench')
  const client = await connectPostgres(options)
  await migrate(client)
  await inTransaction(client, 'READ WRITE', () => insert(client, devApps))
  await client.query('VACUUM ANALYZE')
  disconnect(client)
  const store = new PostgresDevAppStore(options)
  return {
    ...{ title: 'postgres', store },
    size: `${devApps.length} DevApps, a certificate each`,
    configuration: `{ postgres: { url: ${JSON.stringify(url)} } }`,
    snapshot: async () => new RegistrySnapshot(await store.list()),
    close: async () => {
      await store.close()
      await server.stop()
    },
  }
}

/** Many at once: the store takes one after the other. Each has one secret and one certificate. */
async function insert(client: pg.Client, devApps: readonly DevApp[]): Promise<void> {
  const chains = new Map(
    devApps.flatMap(({ certificates }) => certificates.map(({ chain }) => [chain[0].sha256, chain])),
  )
  for (const chain of chains.values())
    await client.query('INSERT INTO devapp_authz.chains VALUES ($1, $2)', [keyOf(chain), chain.map(({ der }) => der)])
  for (let i = 0; i < devApps.length; i += pageSize) {
    const page = devApps.slice(i, i + pageSize)
    const ids = page.map(({ id }) => id)
    await client.query(
      `INSERT INTO devapp_authz.devapps (id, name, environment, status, client_key, products)
       SELECT id, name, 'production', 'enabled', client_key, $4 FROM unnest($1::text[], $2::text[], $3::text[])
       AS each (id, name, client_key)`,
      [ids, page.map(({ name }) => name), page.map(({ clientKey }) => clientKey), [...page[0]!.products]],
    )
    await client.query(
      'INSERT INTO devapp_authz.client_secrets SELECT id, 0, hash FROM unnest($1::text[], $2::text[]) AS each (id, hash)',
      [ids, page.map(({ clientSecrets }) => clientSecrets[0]!.hash)],
    )
    await client.query(
      `INSERT INTO devapp_authz.certificates SELECT id, 0, sha256(der), der, chain
       FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS each (id, der, chain)`,
      [
        ids,
        page.map(({ certificates }) => certificates[0]!.leaf.der),
        page.map(({ certificates }) => keyOf(certificates[0]!.chain)),
      ],
    )
  }
}

function keyOf(chain: RegisteredCertificate['chain']): Buffer {
  const hash = createHash('sha256')
  for (const { der } of chain) hash.update(der)
  return hash.digest()
}
