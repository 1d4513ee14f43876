import { columns } from './columns.ts'
import { unknownDevApp } from './devapp_change.ts'
import { devAppCommand, devAppOptions, devAppUsage } from './devapp_command.ts'
import { type DevAppDocument, devAppDocument, type SecretDocument } from './devapp_documents.ts'
import { seenFrom } from './interval.ts'

const usage = `Shows a DevApp: all but its secrets, of which it says how many there are, and until when each is right.

Usage: devapp-authz devapp show ID --config FILE [--json]

${devAppUsage}
Exit code: 0 shown, 1 there is no such DevApp or the registry cannot be read, 2 wrong usage.
`

/** `devapp-authz devapp show`. */
export const devAppShow = devAppCommand(
  { name: 'devapp show', usage, options: devAppOptions, operands: ['ID'] },
  async ({ operands: [id], store, clock }) => {
    const devApp = await store.find(id)
    if (devApp === undefined) throw unknownDevApp(id)
    const now = clock()
    const document = await devAppDocument(devApp, store, now)
    return { text: listingOf(document, now.toISOString()), json: document }
  },
)

function listingOf(devApp: DevAppDocument, now: string): string {
  const labels = Object.entries(devApp.labels).map(([name, value]) => `${name}=${value}`)
  const facts = columns([
    ['Id', devApp.id],
    ['Name', devApp.name],
    ['Environment', devApp.environment],
    ['Status', devApp.status],
    ['ClientKey', devApp.clientKey],
    ['Secrets', secretsText(devApp.clientSecrets, now)],
    ['Products', devApp.products.join(', ') || '-'],
    ['Labels', labels.join(', ') || '-'],
    ['Public keys', String(devApp.publicKeys.length)],
    ['Certificates', String(devApp.certificates.length)],
  ])
  return [
    facts,
    ...(devApp.publicKeys.length === 0 ? [] : [keysTable(devApp.publicKeys)]),
    ...(devApp.certificates.length === 0 ? [] : [certificatesTable(devApp.certificates, now)]),
  ].join('\n')
}

function keysTable(keys: DevAppDocument['publicKeys']): string {
  return columns([
    ['PUBLIC KEY', 'KIND', 'ALGORITHM', 'SHA-256'],
    ...keys.map(({ id, kind, algorithm, sha256 }) => [id, kind, algorithm, sha256]),
  ])
}

function secretsText(secrets: readonly SecretDocument[], now: string): string {
  const ends = secrets.map(({ validUntil }) =>
    validUntil === null ? 'one until it is replaced' : `one until ${validUntil} (${seenFrom(now, validUntil)})`,
  )
  return [String(secrets.length), ...ends].join(', ')
}

function certificatesTable(certificates: DevAppDocument['certificates'], now: string): string {
  return columns([
    ['SERIAL NUMBER', 'COMMON NAME', 'EXPIRES', 'ISSUER', 'SHARED WITH', 'SHA-256'],
    ...certificates.map(({ serialNumber, commonName, notAfter, issuer, sharedWith, sha256 }) => [
      ...[serialNumber, commonName, `${notAfter} (${seenFrom(now, notAfter)})`, issuer],
      ...[sharedWith.join(', ') || '-', sha256],
    ]),
  ])
}
