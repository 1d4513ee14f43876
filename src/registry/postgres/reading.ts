import type pg from 'pg'
import type { DevApp, RegisteredCertificate } from '../../domain/devapp.ts'
import { CertificateError } from '../../pki/certificate.ts'
import { lazyCertificate } from '../../pki/lazy_certificate.ts'
import { type Authorities, ChainError, ChainReader, notIssued } from '../chain_reader.ts'
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
  readonly products: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly revision: string
}

interface SecretRow {
  readonly devapp: string
  readonly hash: string
  readonly not_after: Date | null
}

interface CertificateRow {
  readonly devapp: string
  readonly der: Uint8Array
  readonly chain: Uint8Array
}

/** So many DevApps are read at a time that the process can do something else between. */
const pageSize = 2_000

/** Reads DevApps over one connection, each row of CAs once. Its methods reject as `pg` does. */
export class DevAppReader {
  readonly #client: pg.Client
  readonly #reader = new ChainReader()
  /** By their key in the database, which is the hash of what they hold, so that they stay what they are. */
  readonly #chains = new Map<string, Authorities | ChainError>()

  constructor(client: pg.Client) {
    this.#client = client
  }

  /** Those whose last change has a higher revision than `above`; the very objects of `known`, by id, where they are the same. */
  async changedSince(above: number, known: ReadonlyMap<string, DevApp> = new Map()): Promise<ReadDevApps> {
    const devApps: DevApp[] = []
    const unreadable = new Map<string, string>()
    for (let last: Pick<DevAppRow, 'revision' | 'id'> | undefined = { revision: String(above), id: '~' }; last; ) {
      // No id sorts after a tilde.
      const page: DevAppRow[] = await this.#rows('WHERE (revision, id) > ($1, $2) ORDER BY revision, id LIMIT $3', [
        last.revision,
        last.id,
        pageSize,
      ])
      const read = await this.#completed(page)
      for (const devApp of read.devApps) {
        const before = known.get(devApp.id)
        devApps.push(before !== undefined && isSameDevApp(before, devApp) ? before : devApp)
      }
      for (const [id, reason] of read.unreadable) unreadable.set(id, reason)
      last = page.length < pageSize ? undefined : page.at(-1)
    }
    return { devApps, unreadable }
  }

  async byId(id: string): Promise<ReadDevApps> {
    return this.#completed(await this.#rows('WHERE id = $1', [id]))
  }

  /** Those that a leaf is attached to, by its SHA-256 in hex. */
  async ownersOf(sha256: string): Promise<ReadDevApps> {
    const owners = 'WHERE id IN (SELECT devapp FROM devapp_authz.certificates WHERE sha256 = $1) ORDER BY id'
    return this.#completed(await this.#rows(owners, [Buffer.from(sha256, 'hex')]))
  }

  async #rows(condition: string, values: readonly unknown[]): Promise<DevAppRow[]> {
    const columns = 'id, name, environment, status, client_key, products, labels, revision'
    const { rows } = await this.#client.query<DevAppRow>(`SELECT ${columns} FROM devapp_authz.devapps ${condition}`, [
      ...values,
    ])
    return rows
  }

  async #completed(rows: readonly DevAppRow[]): Promise<ReadDevApps> {
    const ids = rows.map(({ id }) => id)
    const secrets = await this.#partsOf<SecretRow>('client_secrets', 'hash, not_after', ids)
    const certificates = await this.#partsOf<CertificateRow>('certificates', 'der, chain', ids)
    await this.#learnChains([...certificates.values()].flat())
    const devApps: DevApp[] = []
    const unreadable = new Map<string, string>()
    for (const row of rows) {
      try {
        devApps.push({
          ...{ id: row.id, name: row.name, environment: row.environment, status: row.status },
          clientKey: row.client_key,
          clientSecrets: (secrets.get(row.id) ?? []).map(secretOf),
          products: new Set(row.products),
          certificates: (certificates.get(row.id) ?? []).map((certificate) => this.#certificateOf(certificate)),
          labels: row.labels,
        })
      } catch (error) {
        if (![CertificateError, ChainError, UnreadableRow].some((known) => error instanceof known)) throw error
        unreadable.set(row.id, (error as Error).message)
      }
    }
    return { devApps, unreadable }
  }

  /** The rows of a table that belong to the DevApps, by their ids. */
  async #partsOf<Row extends { readonly devapp: string }>(
    table: 'client_secrets' | 'certificates',
    columns: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, readonly Row[]>> {
    const select = `SELECT devapp, ${columns} FROM devapp_authz.${table} WHERE devapp = ANY ($1) ORDER BY devapp, position`
    const { rows } = await this.#client.query<Row & pg.QueryResultRow>(select, [ids])
    const parts = new Map<string, Row[]>()
    for (const row of rows) {
      const known = parts.get(row.devapp)
      if (known === undefined) parts.set(row.devapp, [row])
      else known.push(row)
    }
    return parts
  }

  async #learnChains(certificates: readonly CertificateRow[]): Promise<void> {
    const needed = new Map(certificates.map(({ chain }) => [keyOf(chain), chain]))
    const unknown = [...needed].filter(([key]) => !this.#chains.has(key)).map(([, sha256]) => sha256)
    if (unknown.length === 0) return
    const select = 'SELECT sha256, authorities FROM devapp_authz.chains WHERE sha256 = ANY ($1)'
    const { rows } = await this.#client.query<{ sha256: Uint8Array; authorities: Uint8Array[] }>(select, [unknown])
    for (const { sha256, authorities } of rows) this.#chains.set(keyOf(sha256), this.#chainOf(authorities))
  }

  #chainOf(ders: readonly Uint8Array[]): Authorities | ChainError {
    try {
      return this.#reader.authorities(ders)
    } catch (error) {
      if (error instanceof ChainError) return error
      throw error
    }
  }

  /** Compares the names only: to verify a hundred thousand signatures takes longer than a start may. */
  #certificateOf({ der, chain: key }: CertificateRow): RegisteredCertificate {
    const chain = this.#chains.get(keyOf(key))
    if (chain === undefined || chain instanceof ChainError) throw chain ?? new UnreadableRow('a chain is missing')
    const leaf = lazyCertificate(der)
    if (leaf.issuerDer !== chain[0].subjectDer) throw new UnreadableRow(notIssued(leaf, chain[0]))
    return { leaf, chain }
  }
}

/** What the tables take and the service does not. */
class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow'
}

function secretOf({ hash, not_after }: SecretRow): DevApp['clientSecrets'][number] {
  if (!isSecretHash(hash)) throw new UnreadableRow('the hash of a secret is none')
  return { hash, notAfter: not_after ?? undefined }
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
