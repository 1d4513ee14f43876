import type { RegistryLocation } from '../config/config.ts'
import type { DevApp } from '../domain/devapp.ts'
import { FileDevAppStore } from './file/file_devapp_store.ts'
import { FileStore } from './file/file_store.ts'
import { connectPostgres, disconnect, postgresOptions } from './postgres/connection.ts'
import { asRegistryError } from './postgres/errors.ts'
import { type MigrationReport, migrate } from './postgres/migrations.ts'
import { PostgresDevAppStore } from './postgres/postgres_devapp_store.ts'
import { PostgresSource } from './postgres/postgres_source.ts'
import { type DevAppStore, RegistryError, type RegistryObserver, type RegistrySource } from './store.ts'

/** The DevApps for a running service, not read yet. Throws where a file cannot be read that it takes to connect. */
export function openRegistrySource(location: RegistryLocation, observer: RegistryObserver): RegistrySource {
  if (location.kind === 'file') return new FileStore(location.path, observer)
  const options = { ...postgresOptions(location, 'devapp-authz serve'), recheckMs: location.recheck }
  return new PostgresSource(options, observer)
}

/** The DevApps for one who looks at them or changes them. Throws like `openRegistrySource`. */
export function openDevAppStore(location: RegistryLocation): DevAppStore {
  if (location.kind === 'file') return new FileDevAppStore(location.path)
  return new PostgresDevAppStore(postgresOptions(location, 'devapp-authz'))
}

/** All DevApps, read once. Rejects where that cannot be done. */
export async function registeredDevApps(location: RegistryLocation): Promise<readonly DevApp[]> {
  const store = openDevAppStore(location)
  try {
    return await store.list()
  } finally {
    await store.close()
  }
}

/** Brings the database's tables to what this program knows, as `migrate` does. Rejects with a RegistryError, for a file too. */
export async function migrateRegistry(
  location: RegistryLocation,
  { dryRun }: { readonly dryRun: boolean },
): Promise<MigrationReport & { readonly database: string }> {
  if (location.kind === 'file') throw new RegistryError('the DevApps are in a file, which has no tables to migrate')
  const { name, client: config } = postgresOptions(location, 'devapp-authz migrate')
  try {
    // A migration may take its time; waiting for a lock may not.
    const client = await connectPostgres({ name, client: { ...config, statement_timeout: 0, query_timeout: 0 } })
    try {
      return { database: name, ...(await migrate(client, { dryRun })) }
    } finally {
      disconnect(client)
    }
  } catch (error) {
    throw asRegistryError(error, name)
  }
}
