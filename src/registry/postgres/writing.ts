import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { DevApp, RegisteredCertificate } from '../../domain/devapp.ts'
import { isSignedBy } from '../../pki/certificate.ts'
import { notIssued } from '../chain_reader.ts'
import { type DevAppChange, RegistryError } from '../store.ts'

/**
 * Makes the stored DevApp the given one, in the transaction at hand. Rejects as `pg` does, and with a RegistryError where another
 * has its ClientKey, or a leaf was not issued by the CA that its chain begins with.
 */
export async function writeDevApp(client: pg.Client, devApp: DevApp): Promise<void> {
  await expectOwnClientKey(client, devApp)
  await client.query(
    `INSERT INTO devapp_authz.devapps (id, name, environment, status, client_key, products, labels)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, environment = excluded.environment, status = excluded.status,
       client_key = excluded.client_key, products = excluded.products, labels = excluded.labels`,
    [
      ...[devApp.id, devApp.name, devApp.environment, devApp.status, devApp.clientKey],
      ...[[...devApp.products], JSON.stringify(devApp.labels)],
    ],
  )
  await writeSecrets(client, devApp)
  await writeCertificates(client, devApp)
  await writePublicKeys(client, devApp)
}

async function expectOwnClientKey(client: pg.Client, { id, clientKey }: DevApp): Promise<void> {
  const select = 'SELECT id FROM devapp_authz.devapps WHERE client_key = $1 AND id <> $2'
  const { rows } = await client.query<{ id: string }>(select, [clientKey, id])
  const [other] = rows
  if (other !== undefined)
    throw new RegistryError(`the DevApp ${other.id} has this ClientKey already; give each DevApp its own`)
}

async function writeSecrets(client: pg.Client, { id, clientSecrets }: DevApp): Promise<void> {
  await client.query('DELETE FROM devapp_authz.client_secrets WHERE devapp = $1', [id])
  await client.query(
    `INSERT INTO devapp_authz.client_secrets (devapp, position, hash, not_after)
     SELECT $1, place - 1, hash, not_after
     FROM unnest($2::text[], $3::timestamptz[]) WITH ORDINALITY AS each (hash, not_after, place)`,
    [id, clientSecrets.map(({ hash }) => hash), clientSecrets.map(({ notAfter }) => notAfter ?? null)],
  )
}

async function writeCertificates(client: pg.Client, { id, certificates }: DevApp): Promise<void> {
  await client.query('DELETE FROM devapp_authz.certificates WHERE devapp = $1', [id])
  for (const [position, { leaf, chain }] of certificates.entries()) {
    if (!isSignedBy(leaf, chain[0])) throw new RegistryError(`${notIssued(leaf, chain[0])}; attach its own chain`)
    const authorities = chain.map(({ der }) => bytesOf(der))
    const key = chainKey(chain)
    await client.query(
      'INSERT INTO devapp_authz.chains (sha256, authorities) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING',
      [key, authorities],
    )
    await client.query(
      'INSERT INTO devapp_authz.certificates (devapp, position, sha256, der, chain) VALUES ($1, $2, $3, $4, $5)',
      [id, position, Buffer.from(leaf.sha256, 'hex'), bytesOf(leaf.der), key],
    )
  }
}

async function writePublicKeys(client: pg.Client, { id, publicKeys }: DevApp): Promise<void> {
  await client.query('DELETE FROM devapp_authz.public_keys WHERE devapp = $1', [id])
  for (const [position, key] of publicKeys.entries())
    await client.query(
      'INSERT INTO devapp_authz.public_keys (devapp, position, id, algorithm, spki) VALUES ($1, $2, $3, $4, $5)',
      [id, position, key.id, key.algorithm, bytesOf(key.spki)],
    )
}

/** Deletes the DevApp with all that belongs to it, in the transaction at hand. */
export async function deleteDevApp(client: pg.Client, id: string): Promise<void> {
  await client.query('DELETE FROM devapp_authz.devapps WHERE id = $1', [id])
}

/** Says in the audit what the transaction at hand does. */
export async function recordChange(client: pg.Client, revision: string, change: DevAppChange): Promise<void> {
  await client.query(
    'INSERT INTO devapp_authz.audit (revision, devapp, who, action, detail) VALUES ($1, $2, $3, $4, $5)',
    [revision, change.id, change.by, change.action, JSON.stringify(change.detail)],
  )
}

/** What a chain is called in the database: SHA-256 over its CAs in DER, one after the other. */
function chainKey(chain: RegisteredCertificate['chain']): Buffer {
  const hash = createHash('sha256')
  for (const { der } of chain) hash.update(der)
  return hash.digest()
}

/** `pg` writes a Buffer as bytea. */
function bytesOf(der: Uint8Array): Buffer {
  return Buffer.from(der.buffer, der.byteOffset, der.length)
}
