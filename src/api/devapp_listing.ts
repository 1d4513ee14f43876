import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import { CertificateError } from '../pki/certificate.ts'
import type { RegistrySnapshot } from '../registry/registry.ts'

export interface DevAppFilter {
  /** A part of an id, a name, a ClientKey, a product, a label, a common name or a serial number, in either case. */
  readonly search: string | undefined
  readonly status: DevApp['status'] | undefined
  readonly environment: DevApp['environment'] | undefined
  /** Only those with a certificate that expires within so many days, or has. */
  readonly expiringDays: number | undefined
  readonly sort: 'id' | 'expiry'
}

/** How many are looked at in one go. */
const slice = 256
const keptMs = 10_000
const mostKept = 4
const dayMs = 86_400_000
export const horizonWeeks = 57

export interface Horizon {
  readonly expired: number
  readonly weeks: readonly number[]
  readonly later: number
  readonly fromMs: number
}

/** The DevApps in force in an order and a choice, of which many are gone through in slices, and not for each page anew. */
export class DevAppListing {
  readonly #kept = new Map<string, { readonly of: RegistrySnapshot; readonly fromMs: number; readonly rows: Rows }>()
  #horizon: { readonly of: RegistrySnapshot; readonly fromMs: number; readonly counts: Promise<Horizon> } | undefined

  rows(snapshot: RegistrySnapshot, filter: DevAppFilter, at: Date): Rows {
    const key = JSON.stringify(filter)
    const known = this.#kept.get(key)
    const fromMs = at.getTime()
    if (known?.of === snapshot && Math.abs(fromMs - known.fromMs) < keptMs) return known.rows
    const rows = select(snapshot, filter, fromMs)
    this.#kept.delete(key)
    this.#kept.set(key, { of: snapshot, fromMs, rows })
    rows.catch(() => this.#kept.delete(key))
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest)
    return rows
  }

  /** How many certificates of enabled DevApps expire in which of the next weeks. */
  horizon(snapshot: RegistrySnapshot, at: Date): Promise<Horizon> {
    const fromMs = at.getTime()
    const known = this.#horizon
    if (known?.of === snapshot && Math.abs(fromMs - known.fromMs) < 6 * keptMs) return known.counts
    const counts = horizonOf(snapshot, fromMs)
    this.#horizon = { of: snapshot, fromMs, counts }
    return counts
  }
}

type Rows = Promise<readonly DevApp[]>

/** When a leaf ends; `undefined` of one that cannot be read, which lets nobody in. */
export function endOf({ leaf }: RegisteredCertificate): number | undefined {
  try {
    return leaf.notAfter.getTime()
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}

async function select(snapshot: RegistrySnapshot, filter: DevAppFilter, nowMs: number): Rows {
  const found: { readonly devApp: DevApp; readonly endMs: number }[] = []
  const horizonMs = filter.expiringDays === undefined ? undefined : nowMs + filter.expiringDays * dayMs
  const needsEnd = filter.sort === 'expiry' || horizonMs !== undefined
  let looked = 0
  for (const devApp of snapshot.devApps) {
    if (++looked % slice === 0) await new Promise((resolve) => setImmediate(resolve))
    if (!matches(devApp, filter)) continue
    const endMs = needsEnd ? firstEnd(devApp) : 0
    if (horizonMs !== undefined && endMs > horizonMs) continue
    found.push({ devApp, endMs })
  }
  found.sort((a, b) =>
    filter.sort === 'expiry' && a.endMs !== b.endMs ? a.endMs - b.endMs : a.devApp.id < b.devApp.id ? -1 : 1,
  )
  return found.map(({ devApp }) => devApp)
}

const firstEnd = ({ certificates }: DevApp): number =>
  certificates.reduce((first, each) => Math.min(first, endOf(each) ?? first), Number.POSITIVE_INFINITY)

function matches(devApp: DevApp, { search, status, environment }: DevAppFilter): boolean {
  if (status !== undefined && devApp.status !== status) return false
  if (environment !== undefined && devApp.environment !== environment) return false
  if (search === undefined) return true
  const wanted = search.toLowerCase()
  const isIn = (text: string): boolean => text.toLowerCase().includes(wanted)
  const { id, name, clientKey, products, labels } = devApp
  return (
    [id, name, clientKey, ...products, ...Object.values(labels)].some(isIn) ||
    devApp.certificates.some(({ leaf }) => namesOf(leaf).some(isIn))
  )
}

function namesOf(leaf: RegisteredCertificate['leaf']): readonly string[] {
  try {
    return [...leaf.commonNames, leaf.serialNumber]
  } catch (error) {
    if (error instanceof CertificateError) return []
    throw error
  }
}

async function horizonOf(snapshot: RegistrySnapshot, nowMs: number): Promise<Horizon> {
  const weekMs = 7 * dayMs
  const fromMs = Math.floor(nowMs / dayMs) * dayMs
  const weeks = new Array<number>(horizonWeeks).fill(0)
  let [expired, later, looked] = [0, 0, 0]
  for (const certificate of snapshot.eachRegistered()) {
    if (++looked % slice === 0) await new Promise((resolve) => setImmediate(resolve))
    const endMs = endOf(certificate)
    if (endMs === undefined || !snapshot.ownersOf(certificate).some(({ status }) => status === 'enabled')) continue
    const week = Math.floor((endMs - fromMs) / weekMs)
    if (endMs < nowMs) expired++
    else if (week >= weeks.length) later++
    else weeks[week] = (weeks[week] ?? 0) + 1
  }
  return { expired, weeks, later, fromMs }
}
