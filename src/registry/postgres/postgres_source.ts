import type pg from 'pg'
import type { DevApp, RegisteredCertificate } from '../../domain/devapp.ts'
import type { Clock } from '../../ports.ts'
import { ChainVerification } from '../chain_verification.ts'
import { RegistrySnapshot } from '../registry.ts'
import { type Freshness, RegistryError, type RegistryObserver, type RegistrySource } from '../store.ts'
import { connectPostgres, disconnect, inTransaction, type PostgresOptions } from './connection.ts'
import { Doorbell } from './doorbell.ts'
import { asRegistryError } from './errors.ts'
import { requireMigrated } from './migrations.ts'
import { DevAppReader, type ReadDevApps } from './reading.ts'

export interface PostgresSourceOptions extends PostgresOptions {
  /** How often the source looks for changes by itself. */
  readonly recheckMs: number
}

/** The pause after the first failure, which doubles with each one in a row, and the longest that it grows to. */
const pauseMs = { first: 100, longest: 5_000 }

/** A connection that listens, and what was read over it last. */
interface Session {
  readonly client: pg.Client
  readonly reader: DevAppReader
  revision: number
}

/**
 * DevApps from PostgreSQL, all of them at first and then what changes. A change takes the next revision while it holds a lock
 * that every other change waits for, so that whoever has read one revision finds all that came later above it. After a lost
 * connection everything is read anew, since another server may have taken over, with an older state.
 */
export class PostgresSource implements RegistrySource {
  readonly #options: PostgresSourceOptions
  readonly #observer: RegistryObserver
  readonly #clock: Clock
  readonly #bell = new Doorbell()
  readonly #verification = new ChainVerification((certificate, reason) => this.#tellBroken(certificate, reason))
  #session: Session | undefined
  #snapshot: RegistrySnapshot | undefined
  #asOf: Date | undefined
  /** Who waits for the next reading. */
  #asked: (() => void)[] = []
  #following: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: PostgresSourceOptions, observer: RegistryObserver, clock: Clock = () => new Date()) {
    this.#options = options
    this.#observer = observer
    this.#clock = clock
  }

  snapshot(): RegistrySnapshot | undefined {
    return this.#snapshot
  }

  freshness(): Freshness {
    return { connected: this.#session !== undefined, asOf: this.#asOf }
  }

  start(): Promise<void> {
    const first = this.reload()
    this.#following = this.#follow()
    return first
  }

  reload(): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    const reading = new Promise<void>((resolve) => this.#asked.push(resolve))
    this.#bell.ring()
    return reading
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#verification.stop()
    this.#bell.ring()
    await this.#following
    this.#disconnect()
  }

  async #follow(): Promise<void> {
    for (let failures = 0; !this.#stopped; ) {
      await this.#bell.heard(failures === 0 ? this.#options.recheckMs : pauseAfter(failures))
      const asked = this.#asked.splice(0)
      try {
        if (!this.#stopped) await this.#read()
        failures = 0
      } catch (error) {
        failures++
        this.#disconnect()
        this.#observer.onRefused(asRegistryError(error, this.#options.name))
      }
      for (const resolve of asked) resolve()
    }
    for (const resolve of this.#asked.splice(0)) resolve()
  }

  async #read(): Promise<void> {
    const at = this.#clock()
    const session = this.#session
    if (session === undefined) await this.#connect()
    else await this.#readChanges(session)
    this.#asOf = at
  }

  async #connect(): Promise<void> {
    const client = await connectPostgres(this.#options)
    try {
      client.on('notification', () => this.#bell.ring())
      await requireMigrated(client)
      // Before reading: what changes meanwhile is announced.
      await client.query('LISTEN devapp_authz')
      const session: Session = { client, reader: new DevAppReader(client), revision: 0 }
      await this.#readAll(session)
      client.once('end', () => this.#lost(session))
      this.#session = session
    } catch (error) {
      disconnect(client)
      throw error
    }
  }

  async #readAll(session: Session): Promise<void> {
    const known = new Map(this.#snapshot?.devApps.map((devApp) => [devApp.id, devApp]))
    const { devApps, unreadable, revision } = await this.#readAsOfNow(session, (reader) => reader.all(known))
    session.revision = revision
    const there = new Set(devApps.map(({ id }) => id))
    const gone = [...known.keys()].filter((id) => !there.has(id) && !unreadable.has(id))
    const changed = devApps.filter((devApp) => known.get(devApp.id) !== devApp)
    // Told even where nothing has changed: it says that the database is there again.
    this.#take(changed, new Set(gone))
  }

  async #readChanges(session: Session): Promise<void> {
    if ((await currentRevision(session.client)) === session.revision) return
    const { devApps, removed, revision } = await this.#readAsOfNow(session, (reader) =>
      reader.changedSince(session.revision),
    )
    if (revision < session.revision) throw new RegistryError('the database has gone back to an older state')
    session.revision = revision
    if (devApps.length > 0 || removed.size > 0) this.#take(devApps, removed)
  }

  /** What the reader reads and what else there is to it, as of one moment. Of a DevApp that cannot be read, the last good state stays. */
  async #readAsOfNow({ client, reader, revision }: Session, read: (reader: DevAppReader) => Promise<ReadDevApps>) {
    const reading = inTransaction(client, 'ISOLATION LEVEL REPEATABLE READ READ ONLY', async () => ({
      revision: await currentRevision(client),
      ...(await read(reader)),
      removed: await deletedSince(client, revision),
    }))
    const found = await this.#timed(reading)
    for (const [id, reason] of found.unreadable)
      this.#observer.onRefused(
        new RegistryError(`the DevApp ${id} cannot be read: ${reason}; mend its rows in ${this.#options.name}`),
      )
    return found
  }

  async #timed<Result>(reading: Promise<Result>): Promise<Result> {
    const started = performance.now()
    let outcome: 'read' | 'failed' = 'failed'
    try {
      const result = await reading
      outcome = 'read'
      return result
    } finally {
      this.#observer.onRead?.({ outcome, durationMs: performance.now() - started })
    }
  }

  #take(changed: readonly DevApp[], removed: ReadonlySet<string>): void {
    const before = this.#snapshot
    this.#verification.expect(changed.flatMap(({ certificates }) => certificates))
    this.#snapshot = before?.with(changed, removed) ?? new RegistrySnapshot(changed, this.#verification.holds)
    this.#observer.onLoaded(this.#snapshot)
  }

  #tellBroken(certificate: RegisteredCertificate, reason: string): void {
    const devApps = this.#snapshot?.ownersOf(certificate).map(({ id }) => id) ?? []
    this.#observer.onBroken?.({ sha256: certificate.leaf.sha256, devApps, reason })
  }

  #lost(session: Session): void {
    if (this.#session !== session) return
    this.#session = undefined
    this.#bell.ring()
  }

  #disconnect(): void {
    const session = this.#session
    this.#session = undefined
    if (session !== undefined) disconnect(session.client)
  }
}

async function currentRevision(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ revision: string }>('SELECT revision FROM devapp_authz.revision')
  return Number(rows[0]?.revision)
}

async function deletedSince(client: pg.Client, above: number): Promise<ReadonlySet<string>> {
  const select = 'SELECT id FROM devapp_authz.deleted_devapps WHERE revision > $1'
  const { rows } = await client.query<{ id: string }>(select, [above])
  return new Set(rows.map(({ id }) => id))
}

/** Spread, so that the processes of a fleet do not come back all at once. */
function pauseAfter(failures: number): number {
  const most = Math.min(pauseMs.first * 2 ** (failures - 1), pauseMs.longest)
  return most * (0.5 + Math.random() / 2)
}
