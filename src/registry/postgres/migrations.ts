import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { RegistryError } from '../store.ts'
import { inTransaction } from './connection.ts'

/** One step of the database's tables, as a file of plain SQL. */
export interface Migration {
  readonly version: number
  /** Of the file. */
  readonly name: string
  readonly sql: string
  /** SHA-256 of the text, in hex: a file that was applied does not change any more. */
  readonly checksum: string
}

/** Names of migrations: what had been applied before, what was now, and what a dry run left out. */
export interface MigrationReport {
  readonly present: readonly string[]
  readonly applied: readonly string[]
  readonly pending: readonly string[]
}

const folder = fileURLToPath(new URL('../../../migrations/', import.meta.url))

/** Only one process migrates a database at a time. The number is any that nobody else takes. */
const advisoryLock = 0x64_61_61_7a

/** The migrations of this program, in the order of their numbers. */
export function migrations(): readonly Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const sql = readFileSync(`${folder}${name}`, 'utf8')
      return { version: Number(name.slice(0, 4)), name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

/**
 * Brings the tables to what this program knows, all in one transaction; `dryRun` only says what that would be. Rejects with a
 * RegistryError where the database is newer than the program, or a migration is not the one that was applied.
 */
export function migrate(
  client: pg.Client,
  { dryRun = false, known = migrations() }: { readonly dryRun?: boolean; readonly known?: readonly Migration[] } = {},
): Promise<MigrationReport> {
  return inTransaction(client, dryRun ? 'ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'READ WRITE', async () => {
    if (!dryRun) await client.query('SELECT pg_advisory_xact_lock($1)', [advisoryLock])
    const present = await presentMigrations(client)
    const pending = pendingOf(known, present)
    if (!dryRun && pending.length > 0) await apply(client, pending)
    const names = (migrations: readonly { readonly name: string }[]) => migrations.map(({ name }) => name)
    const [applied, left] = dryRun ? [[], pending] : [pending, []]
    return { present: names(present), applied: names(applied), pending: names(left) }
  })
}

/** Rejects with a RegistryError unless all that this program needs is there. A newer database is fine: migrations add. */
export async function requireMigrated(client: pg.Client): Promise<void> {
  const present = await presentMigrations(client)
  const [first] = migrations().filter(({ version }) => present.every((each) => each.version !== version))
  if (first !== undefined)
    throw new RegistryError(`${first.name} has not been applied to the database; run devapp-authz migrate`)
}

type Present = Pick<Migration, 'version' | 'name' | 'checksum'>

async function presentMigrations(client: pg.Client): Promise<readonly Present[]> {
  const table = await client.query<{ there: boolean }>(
    `SELECT to_regclass('devapp_authz.migrations') IS NOT NULL AS there`,
  )
  if (table.rows[0]?.there !== true) return []
  const { rows } = await client.query<Present>(
    'SELECT version, name, checksum FROM devapp_authz.migrations ORDER BY version',
  )
  return rows
}

function pendingOf(known: readonly Migration[], present: readonly Present[]): readonly Migration[] {
  const byVersion = new Map(known.map((migration) => [migration.version, migration]))
  for (const { version, name, checksum } of present) {
    const own = byVersion.get(version)
    if (own === undefined)
      throw new RegistryError(`the database has ${name}, which this program does not know; install the newer program`)
    if (own.checksum !== checksum)
      throw new RegistryError(
        `${own.name} is not what was applied as ${name}; install the program unchanged, and change tables by new migrations`,
      )
  }
  const last = present.at(-1)?.version ?? 0
  return known.filter(({ version }) => version > last)
}

async function apply(client: pg.Client, pending: readonly Migration[]): Promise<void> {
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS devapp_authz;
    CREATE TABLE IF NOT EXISTS devapp_authz.migrations (
      version integer PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      applied_by text NOT NULL DEFAULT session_user
    )`)
  for (const { version, name, sql, checksum } of pending) {
    await client.query(sql)
    await client.query('INSERT INTO devapp_authz.migrations (version, name, checksum) VALUES ($1, $2, $3)', [
      ...[version, name, checksum],
    ])
  }
}
