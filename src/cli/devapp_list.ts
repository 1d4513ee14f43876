import type { DevApp } from '../domain/devapp.ts'
import { columns } from './columns.ts'
import { devAppCommand, devAppOptions, devAppUsage } from './devapp_command.ts'
import { type DevAppDocument, devAppDocument } from './devapp_documents.ts'
import { durationIn, environmentIn, labelsIn, statusIn } from './devapp_values.ts'
import { seenFrom } from './interval.ts'

const usage = `Lists the DevApps, by id; or those of them that all the options select.

Usage: devapp-authz devapp list --config FILE [OPTIONS]

  --status S      enabled or disabled
  --environment E production or staging
  --product P     that selected this API product
  --label N=V     that have this label; may be repeated
  --expiring D    with a certificate that expires within this time, such as 30d, or has;
                  the next to expire first
${devAppUsage}
Exit code: 0 listed, also where there are none; 1 the registry cannot be read; 2 wrong usage.
`

const options = {
  ...devAppOptions,
  status: { type: 'string' },
  environment: { type: 'string' },
  product: { type: 'string' },
  label: { type: 'string', multiple: true },
  expiring: { type: 'string' },
} as const

/** `devapp-authz devapp list`. */
export const devAppList = devAppCommand(
  { name: 'devapp list', usage, options, operands: [] },
  async ({ values, store, clock }) => {
    const now = clock()
    const selects = selection({
      status: statusIn(values.status),
      environment: environmentIn(values.environment),
      product: values.product,
      labels: labelsIn(values.label),
    })
    const until = values.expiring && new Date(now.getTime() + durationIn('--expiring', values.expiring)).toISOString()
    const all = await store.list()
    const owners = ownersIn(all)
    const documents = await Promise.all(all.filter(selects).map((devApp) => devAppDocument(devApp, owners, now)))
    const devApps = until ? expiringBy(documents, until) : documents.sort((a, b) => (a.id < b.id ? -1 : 1))
    return { text: tableOf(devApps, now.toISOString()), json: { devApps } }
  },
)

interface Selection extends Partial<Pick<DevApp, 'labels'>> {
  readonly status: DevApp['status'] | undefined
  readonly environment: DevApp['environment'] | undefined
  readonly product: string | undefined
}

function selection({ status, environment, product, labels = {} }: Selection): (devApp: DevApp) => boolean {
  return (devApp) =>
    (status === undefined || devApp.status === status) &&
    (environment === undefined || devApp.environment === environment) &&
    (product === undefined || devApp.products.has(product)) &&
    Object.entries(labels).every(([name, value]) => Object.hasOwn(devApp.labels, name) && devApp.labels[name] === value)
}

/** Among those that are listed already, so that nobody is asked again for each certificate. */
function ownersIn(all: readonly DevApp[]) {
  const bySha256 = new Map<string, DevApp[]>()
  for (const devApp of all) {
    for (const { leaf } of devApp.certificates) {
      const owners = bySha256.get(leaf.sha256) ?? []
      bySha256.set(leaf.sha256, owners)
      owners.push(devApp)
    }
  }
  return { ownersOf: (sha256: string) => bySha256.get(sha256) ?? [] }
}

function expiringBy(documents: readonly DevAppDocument[], until: string): readonly DevAppDocument[] {
  const firstEnd = ({ certificates }: DevAppDocument): number => Date.parse(certificates[0]?.notAfter ?? '')
  return documents
    .filter((document) => firstEnd(document) <= Date.parse(until))
    .sort((a, b) => firstEnd(a) - firstEnd(b))
}

const header = ['ID', 'NAME', 'ENVIRONMENT', 'STATUS', 'CLIENTKEY', 'PRODUCTS', 'KEYS', 'CERTIFICATES']

function tableOf(devApps: readonly DevAppDocument[], now: string): string {
  if (devApps.length === 0) return 'no DevApps\n'
  return columns([
    header,
    ...devApps.map((devApp) => [
      ...[devApp.id, devApp.name, devApp.environment, devApp.status, devApp.clientKey],
      ...[devApp.products.join(', ') || '-', devApp.publicKeys.map(({ id }) => id).join(', ') || '-'],
      certificatesText(devApp.certificates, now),
    ]),
  ])
}

/** How many, and the next end; where all have passed, the last one. */
function certificatesText(certificates: DevAppDocument['certificates'], now: string): string {
  if (certificates.length === 0) return '-'
  const next = certificates.find(({ notAfter }) => Date.parse(notAfter) >= Date.parse(now))
  const last = certificates.at(-1)?.notAfter ?? now
  const end = next === undefined ? `expired ${seenFrom(now, last)}` : `expires ${seenFrom(now, next.notAfter)}`
  return certificates.length === 1
    ? `1, ${end}`
    : `${certificates.length}, ${next === undefined ? 'the last' : 'the next'} ${end}`
}
