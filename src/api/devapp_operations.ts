import { z } from 'zod'
import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import type { WaitingRenewals } from '../ops/waiting_renewals.ts'
import type { Clock } from '../ports.ts'
import type { RegistrySnapshot } from '../registry/registry.ts'
import { type DevAppsDocument, devAppsDocument, horizonDocument, renewalsDocument } from './devapp_documents.ts'
import { DevAppListing, endOf } from './devapp_listing.ts'
import { type Operation, operation, Refusal } from './operation.ts'
import { instantText, limit, offset, search } from './values.ts'

export interface DevAppParts {
  readonly snapshot: () => RegistrySnapshot | undefined
  readonly renewals: WaitingRenewals
  readonly clock: Clock
}

const tag = 'DevApps'
const nothingRead = () => new Refusal(503, 'No registry was read yet; the overview says why.')
const weekMs = 7 * 86_400_000

/** The DevApps in force, without their secrets, and how long their certificates last. */
export function devAppOperations({ snapshot, renewals, clock }: DevAppParts): readonly Operation[] {
  const listing = new DevAppListing()
  return [
    operation({
      ...{ method: 'GET', path: '/api/v1/devapps', id: 'listDevApps', tag },
      summary: 'The DevApps in force, without their secrets, in parts.',
      query: z.strictObject({
        ...{ offset, limit },
        search: search.optional().meta({
          description: 'A part of an id, a name, a ClientKey, a product, a label, a common name or a serial number.',
        }),
        status: z.enum(['enabled', 'disabled']).optional(),
        environment: z.enum(['production', 'staging']).optional(),
        expiring: z.int().min(0).max(3_650).optional().meta({
          description: 'Only those with a certificate that expires within so many days, or has.',
        }),
        sort: z.enum(['id', 'expiry']).default('id'),
      }),
      problems: [503],
      document: devAppsDocument,
      answer: async ({ query }) => {
        const registered = snapshot()
        if (registered === undefined) return nothingRead()
        const at = clock()
        const { search, status, environment, expiring: expiringDays, sort, offset, limit } = query
        const rows = await listing.rows(registered, { search, status, environment, expiringDays, sort }, at)
        const devApps = rows.slice(offset, offset + limit).map((devApp) => documentOf(devApp, registered, at))
        return { at: at.toISOString(), total: rows.length, devApps }
      },
    }),
    operation({
      ...{ method: 'GET', path: '/api/v1/devapps/horizon', id: 'getExpiryHorizon', tag },
      summary: 'How many certificates of enabled DevApps expire in which week.',
      problems: [503],
      document: horizonDocument,
      answer: async () => {
        const registered = snapshot()
        if (registered === undefined) return nothingRead()
        const at = clock()
        const { expired, weeks, later, fromMs } = await listing.horizon(registered, at)
        return {
          ...{ at: at.toISOString(), expired, later },
          weeks: weeks.map((certificates, week) => ({ start: instantText(fromMs + week * weekMs), certificates })),
        }
      },
    }),
    operation({
      ...{ method: 'GET', path: '/api/v1/renewals', id: 'getWaitingRenewals', tag },
      summary: 'Certificates that were refused, and that seem to renew a registered one: they wait to be attached.',
      document: renewalsDocument,
      answer: () => ({
        at: clock().toISOString(),
        waiting: renewals
          .waiting((sha256) => (snapshot()?.ownersBySha256(sha256).length ?? 0) > 0)
          .map(({ devApps, commonName, serialNumber, sha256, firstMs, lastMs, requests, requestId }) => ({
            ...{ devApps, commonName: commonName ?? null, serialNumber, sha256, requests },
            ...{ first: instantText(firstMs), last: instantText(lastMs), requestId: requestId ?? null },
          })),
      }),
    }),
  ]
}

type DevAppDocument = DevAppsDocument['devApps'][number]

function documentOf(devApp: DevApp, registered: RegistrySnapshot, at: Date): DevAppDocument {
  const { id, name, environment, status, clientKey } = devApp
  return {
    ...{ id, name, environment, status, clientKey },
    secretsInForce: devApp.clientSecrets.filter(({ notAfter }) => notAfter === undefined || at < notAfter).length,
    products: [...devApp.products],
    labels: { ...devApp.labels },
    certificates: devApp.certificates
      .filter((certificate) => endOf(certificate) !== undefined)
      .map((certificate) => certificateDocument(certificate, devApp, registered))
      .sort((a, b) => (a.notAfter < b.notAfter ? -1 : 1)),
  }
}

function certificateDocument(
  certificate: RegisteredCertificate,
  { id }: DevApp,
  registered: RegistrySnapshot,
): DevAppDocument['certificates'][number] {
  const { leaf } = certificate
  return {
    commonName: leaf.commonNames.join(', ') || leaf.subject,
    ...{ serialNumber: leaf.serialNumber, issuer: leaf.issuer, sha256: leaf.sha256 },
    ...{ notBefore: leaf.notBefore.toISOString(), notAfter: leaf.notAfter.toISOString() },
    sharedWith: registered
      .ownersOf(certificate)
      .map((owner) => owner.id)
      .filter((other) => other !== id),
  }
}
