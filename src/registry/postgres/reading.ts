import type pg from 'pg'
import type { DevApp, RegisteredCertificate } from '../../domain/devapp.ts'
import { CertificateError } from '../../pki/certificate.ts'
import { lazyCertificate } from '../../pki/lazy_certificate.ts'
import { type Authorities, ChainError, ChainReader } from '../chain_reader.ts'
import { devAppOf, SharedParts } from '../devapp_schema.ts'
import { isSameDevApp } from '../same_devapp.ts'
import { isSecretHash } from '../secrets.ts'

/** DevApps as the database has them. */
export interface ReadDevApps {
  readonly devApps: readonly DevApp[]
  /** Why one cannot be read, by its id: somebody else wrote its rows. */
  readonly unreadable: ReadonlyMap<string, string>
}

interface DevAppRow {
  readonly id: string
  readonly name: string
  readonly environment: DevApp['environment']
  readonly status: DevApp['status']
  readonly client_key: string
  readonly products: string[]
  readonly labels: Record<string, string>
  readonly revision: string
}

interface SecretRow {
  readonly devapp: string
  readonly hash: string
  readonly not_after: Date | null
}

interface CertificateRow {
  readonly devapp: string
  /** In base64, which `pg` reads far more quickly than bytea. */
  readonly der: string
  /** The key of its chain, in hex. */
  readonly chain: string
}

/** Rows with all that belongs to them. */
interface Page {
  readonly rows: readonly DevAppRow[]
  /** By DevApp, in their order. */
  readonly secrets: ReadonlyMap<string, readonly SecretRow[]>
  readonly certificates: ReadonlyMap<string, readonly CertificateRow[]>
}

// Each table by itself: what belongs to one row after another, by subqueries, takes the database five times as long.
const devAppsWhere = (condition: string): string =>
  `SELECT id, name, environment, status, client_key, products, labels, revision FROM devapp_authz.devapps ${condition}`
const secretsOf = `SELECT devapp, hash, not_after FROM devapp_authz.client_secrets
  WHERE devapp = ANY ($1) ORDER BY devapp, position`
const certificatesOf = `SELECT devapp, encode(der, 'base64') AS der, encode(chain, 'hex') AS chain
  FROM devapp_authz.certificates WHERE devapp = ANY ($1) ORDER BY devapp, position`

/** So many DevApps are read at a time that the process can do something else between. */
const pageSize = 500

/** Reads DevApps over one connection, each row of CAs once. Its methods reject as `pg` does. */
export class DevAppReader {
  readonly #client: pg.Client
  readonly #reader = new ChainReader()
  readonly #shared = new SharedParts()
  /** By their key in the database, which is the hash of what they hold, so that they stay what they are. */
  readonly #chains = new Map<string, Authorities | ChainError>()

  constructor(client: pg.Client) {
    this.#client = client
  }

  /** All; the very objects of `known`, by id, where they are the same. */
  all(known: ReadonlyMap<string, DevApp> = new Map()): Promise<ReadDevApps> {
    return this.#above(-1, known)
  }

  /** Those whose last change has a higher revision. */
  changedSince(revision: number): Promise<ReadDevApps> {
    return this.#above(revision, new Map())
  }

  async #above(revision: number, known: ReadonlyMap<string, DevApp>): Promise<ReadDevApps> {
    const devApps: DevApp[] = []
    const unreadable = new Map<string, string>()
    // No id sorts after a tilde.
    let fetching: Promise<Page> | undefined = this.#pageAfter({ revision: String(revision), id: '~' })
    while (fetching !== undefined) {
      const page: Page = await fetching
      const last = page.rows.length < pageSize ? undefined : page.rows.at(-1)
      // The database is busy with the next page while this process is with this one.
      fetching = last && this.#pageAfter(last)
      const read = await this.#completed(page)
      for (const devApp of read.devApps) {
        const before = known.get(devApp.id)
        devApps.push(before !== undefined && isSameDevApp(before, devApp) ? before : devApp)
      }
      for (const [id, reason] of read.unreadable) unreadable.set(id, reason)
    }
    return { devApps, unreadable }
  }

  async byId(id: string): Promise<ReadDevApps> {
    return this.#completed(await this.#page('WHERE id = $1', [id]))
  }

  /** Those that a leaf is attached to, by its SHA-256 in hex. */
  async ownersOf(sha256: string): Promise<ReadDevApps> {
    const owners = 'WHERE id IN (SELECT devapp FROM devapp_authz.certificates WHERE sha256 = $1) ORDER BY id'
    return this.#completed(await this.#page(owners, [Buffer.from(sha256, 'hex')]))
  }

  #pageAfter({ revision, id }: Pick<DevAppRow, 'revision' | 'id'>): Promise<Page> {
    const page = this.#page('WHERE (revision, id) > ($1, $2) ORDER BY revision, id LIMIT $3', [revision, id, pageSize])
    // Whoever awaits it is told; it may fail before.
    page.catch(() => {})
    return page
  }

  async #page(condition: string, values: readonly unknown[]): Promise<Page> {
    const { rows } = await this.#client.query<DevAppRow>(devAppsWhere(condition), [...values])
    const ids = rows.map(({ id }) => id)
    const secrets = await this.#client.query<SecretRow>(secretsOf, [ids])
    const certificates = await this.#client.query<CertificateRow>(certificatesOf, [ids])
    return { rows, secrets: byDevApp(secrets.rows), certificates: byDevApp(certificates.rows) }
  }

  async #completed({ rows, secrets, certificates }: Page): Promise<ReadDevApps> {
    await this.#learnChains([...certificates.values()].flat())
    const devApps: DevApp[] = []
    const unreadable = new Map<string, string>()
    for (const row of rows) {
      try {
        devApps.push(
          devAppOf(
            {
              ...row,
              client_secrets: (secrets.get(row.id) ?? []).map(secretOf),
              certificates: (certificates.get(row.id) ?? []).map((each) => this.#certificateOf(each)),
            },
            this.#shared,
            // `pg` makes each of them by itself.
            (text) => text,
          ),
        )
      } catch (error) {
        if (![CertificateError, ChainError, UnreadableRow].some((known) => error instanceof known)) throw error
        unreadable.set(row.id, (error as Error).message)
      }
    }
    return { devApps, unreadable }
  }

  async #learnChains(certificates: readonly CertificateRow[]): Promise<void> {
    const unknown = new Set(certificates.map(({ chain }) => chain).filter((key) => !this.#chains.has(key)))
    if (unknown.size === 0) return
    const select = `SELECT encode(sha256, 'hex') AS key, authorities FROM devapp_authz.chains WHERE sha256 = ANY ($1)`
    const keys = [...unknown].map((key) => Buffer.from(key, 'hex'))
    const { rows } = await this.#client.query<{ key: string; authorities: Uint8Array[] }>(select, [keys])
    for (const { key, authorities } of rows) this.#chains.set(key, this.#chainOf(authorities))
  }

  #chainOf(ders: readonly Uint8Array[]): Authorities | ChainError {
    try {
      return this.#reader.authorities(ders)
    } catch (error) {
      if (error instanceof ChainError) return error
      throw error
    }
  }

  /** Whether the chain issued the leaf is left open: to verify a hundred thousand signatures takes longer than a start may. */
  #certificateOf({ der, chain: key }: CertificateRow): RegisteredCertificate {
    const chain = this.#chains.get(key)
    if (chain === undefined || chain instanceof ChainError) throw chain ?? new UnreadableRow('a chain is missing')
    return { leaf: lazyCertificate(Buffer.from(der, 'base64')), chain }
  }
}

/** What the tables take and the service does not. */
class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow'
}

function secretOf({ hash, not_after }: SecretRow): { readonly hash: string; readonly not_after: Date | undefined } {
  if (!isSecretHash(hash)) throw new UnreadableRow('the hash of a secret is none')
  return { hash, not_after: not_after ?? undefined }
}

function byDevApp<Row extends { readonly devapp: string }>(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const grouped = new Map<string, Row[]>()
  for (const row of rows) {
    const known = grouped.get(row.devapp)
    if (known === undefined) grouped.set(row.devapp, [row])
    else known.push(row)
  }
  return grouped
}
