import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import pg from 'pg'
import { endpointOf, nameOfPostgres, type PostgresFile } from '../../config/postgres_schema.ts'

/** How a database is reached. */
export interface PostgresOptions {
  /** For people, without secrets. */
  readonly name: string
  readonly client: pg.ClientConfig
}

/** The first probe of a connection on which nothing comes. */
const keepAliveMs = 10_000
/** The server says itself when a statement takes too long; one that says nothing at all is given up a little later. */
const silenceMs = 2_000

/**
 * The options that the configuration's `registry.postgres` means; the database's own views call the connection by
 * `applicationName`. Throws where a file that it names for TLS cannot be read.
 */
export function postgresOptions(postgres: PostgresFile, applicationName: string): PostgresOptions {
  const { password, ...endpoint } = endpointOf(postgres.url)
  const { password_file: file, timeout } = postgres
  return {
    name: nameOfPostgres(postgres),
    client: {
      ...endpoint,
      password: file === undefined ? password : async () => (await readFile(file, 'utf8')).replace(/\r?\n$/, ''),
      ssl: postgres.tls === undefined ? false : tlsOptions(postgres.tls),
      application_name: applicationName,
      connectionTimeoutMillis: postgres.connect_timeout,
      ...{ statement_timeout: timeout, lock_timeout: timeout, idle_in_transaction_session_timeout: timeout },
      query_timeout: timeout + silenceMs,
      ...{ keepAlive: true, keepAliveInitialDelayMillis: keepAliveMs },
    },
  }
}

function tlsOptions({ ca, certificate, key, server_name: name }: NonNullable<PostgresFile['tls']>): ConnectionOptions {
  const read = (file: string | undefined): Buffer | undefined => (file === undefined ? undefined : readFileSync(file))
  return {
    ...{ ca: read(ca), cert: read(certificate), key: read(key), minVersion: 'TLSv1.2', rejectUnauthorized: true },
    // `pg` puts the host in the place of a `servername`.
    ...(name === undefined ? {} : { checkServerIdentity: (_, presented) => checkServerIdentity(name, presented) }),
  }
}

/** A connection that is logged in. Rejects as PostgreSQL and the network do. */
export async function connectPostgres({ client: config }: PostgresOptions): Promise<pg.Client> {
  const client = new pg.Client(config)
  // A lost connection fails the query at hand, or the next one: an error that nobody listens for would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    disconnect(client)
    throw error
  }
}

/** Gives the connection up, whatever state it is in. */
export function disconnect(client: pg.Client): void {
  client.end().catch(() => {})
}

/** What `work` resolves to, all of it in one transaction; where it rejects, nothing of it has happened. */
export async function inTransaction<Result>(
  client: pg.Client,
  mode: 'READ WRITE' | 'ISOLATION LEVEL REPEATABLE READ READ ONLY',
  work: () => Promise<Result>,
): Promise<Result> {
  await client.query(`BEGIN ${mode}`)
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    // On a connection that is lost the server rolls back by itself.
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}
