import type pg from 'pg'
import { type PostgresFile, postgresSchema } from '../../src/config/postgres_schema.ts'
import {
  connectPostgres,
  disconnect,
  type PostgresOptions,
  postgresOptions,
} from '../../src/registry/postgres/connection.ts'
import { migrate } from '../../src/registry/postgres/migrations.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './postgres.ts'

let shared: Promise<RunningPostgres> | undefined

/** One server for all tests of this process. It ends with the process. */
export function sharedPostgres(): Promise<RunningPostgres> {
  shared ??= findPostgres(() => {}).then((binaries) => startPostgres(binaries))
  return shared
}

/** A database of its own for a test. */
export class TestDatabase {
  readonly name: string
  readonly server: RunningPostgres

  private constructor(server: RunningPostgres, name: string) {
    this.server = server
    this.name = name
  }

  static async empty(): Promise<TestDatabase> {
    const server = await sharedPostgres()
    return new TestDatabase(server, await server.createDatabase())
  }

  /** With the registry's tables. */
  static async migrated(): Promise<TestDatabase> {
    template ??= TestDatabase.empty().then(async (database) => {
      await database.connected((client) => migrate(client))
      return database.name
    })
    const server = await sharedPostgres()
    return new TestDatabase(server, await server.createDatabase(await template))
  }

  /** As the configuration has it; `user` instead of the superuser. */
  file(changes: object = {}, user?: string): PostgresFile {
    return postgresSchema.parse({ url: this.server.url(this.name, user), ...changes })
  }

  options(changes: object = {}, user?: string): PostgresOptions {
    return postgresOptions(this.file(changes, user), 'test')
  }

  /** What `work` gives with a connection of its own. */
  async connected<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = await connectPostgres(this.options())
    try {
      return await work(client)
    } finally {
      disconnect(client)
    }
  }

  query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.server.query<Row>(this.name, sql, values)
  }

  /** A user who may log in, and nothing else. */
  async createUser(name: string): Promise<void> {
    await this.query(`DROP ROLE IF EXISTS ${name}; CREATE ROLE ${name} LOGIN PASSWORD 'a password for tests'`)
  }
}

let template: Promise<string> | undefined
