import type pg from 'pg'
import type { DevApp } from '../../domain/devapp.ts'
import { type DevAppChange, type DevAppStore, RegistryError } from '../store.ts'
import { connectPostgres, disconnect, inTransaction, type PostgresOptions } from './connection.ts'
import { asRegistryError } from './errors.ts'
import { requireMigrated } from './migrations.ts'
import { DevAppReader, type ReadDevApps } from './reading.ts'
import { deleteDevApp, recordChange, writeDevApp } from './writing.ts'

/** DevApps in PostgreSQL, for whoever looks at them and changes them. Connects when first asked. */
export class PostgresDevAppStore implements DevAppStore {
  readonly #options: PostgresOptions
  #connecting: Promise<pg.Client> | undefined
  /** What is under way, whatever becomes of it: a connection does one thing after the other. */
  #working: Promise<unknown> = Promise.resolve()

  constructor(options: PostgresOptions) {
    this.#options = options
  }

  async list(): Promise<readonly DevApp[]> {
    const devApps = await this.#read((reader) => reader.all())
    return [...devApps].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  async find(id: string): Promise<DevApp | undefined> {
    const [devApp] = await this.#read((reader) => reader.byId(id))
    return devApp
  }

  ownersOf(sha256: string): Promise<readonly DevApp[]> {
    return this.#read((reader) => reader.ownersOf(sha256))
  }

  change(change: DevAppChange): Promise<DevApp | undefined> {
    return this.#alone((client) =>
      inTransaction(client, 'READ WRITE', async () => {
        // Whoever comes later waits here until this transaction has ended.
        const { rows } = await client.query<{ revision: string }>('SELECT devapp_authz.next_revision() AS revision')
        const [current] = readable(await new DevAppReader(client).byId(change.id))
        const next = edited(change, current)
        if (next === current) return current
        if (next !== undefined && next.id !== change.id)
          throw new RegistryError(`a DevApp keeps its id; ${change.id} cannot become ${next.id}`)
        await recordChange(client, rows[0]?.revision ?? '', change)
        if (next === undefined) await deleteDevApp(client, change.id)
        else await writeDevApp(client, next)
        return next
      }),
    )
  }

  async close(): Promise<void> {
    await this.#working
    this.#drop()
  }

  #read(read: (reader: DevAppReader) => Promise<ReadDevApps>): Promise<readonly DevApp[]> {
    return this.#alone((client) =>
      inTransaction(client, 'ISOLATION LEVEL REPEATABLE READ READ ONLY', async () =>
        readable(await read(new DevAppReader(client))),
      ),
    )
  }

  #alone<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const result = this.#working.then(async () => {
      try {
        this.#connecting ??= this.#connect()
        return await work(await this.#connecting)
      } catch (error) {
        if (error instanceof Refusal) throw error.cause
        this.#drop()
        throw asRegistryError(error, this.#options.name)
      }
    })
    this.#working = result.catch(() => {})
    return result
  }

  async #connect(): Promise<pg.Client> {
    const client = await connectPostgres(this.#options)
    try {
      await requireMigrated(client)
      return client
    } catch (error) {
      disconnect(client)
      throw error
    }
  }

  /** The next one to ask gets a new connection: this one may be broken. */
  #drop(): void {
    this.#connecting?.then(disconnect, () => {})
    this.#connecting = undefined
  }
}

/** What an edit throws, which is no error of the database, whatever it looks like. */
class Refusal extends Error {}

function edited(change: DevAppChange, current: DevApp | undefined): DevApp | undefined {
  try {
    return change.edit(current)
  } catch (cause) {
    throw new Refusal('refused', { cause })
  }
}

function readable({ devApps, unreadable }: ReadDevApps): readonly DevApp[] {
  const [first] = unreadable
  if (first === undefined) return devApps
  throw new RegistryError(`the DevApp ${first[0]} cannot be read: ${first[1]}; mend its rows, or delete them by SQL`)
}
