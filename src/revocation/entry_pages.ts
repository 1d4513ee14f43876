import type { EntryChoices, EntryPage, EntryQuery, RevocationEntry } from './control.ts'
import type { Subject } from './subject.ts'

/** What is shown of a certificate, beside what is known of it. */
export interface Shown {
  readonly subject: Subject
  readonly devApps: readonly string[]
}

/** How a certificate stands, in as few words as order and counts need. */
export type Standing = Pick<RevocationEntry, 'status' | 'thisUpdate' | 'nextUpdate' | 'usableUntil'>

export interface EntryPagesParts {
  /** Every certificate that is asked about; a CA may come several times. */
  readonly each: () => Iterable<Shown>
  readonly standingOf: (shown: Shown, at: Date) => Standing
  readonly entryOf: (shown: Shown, at: Date) => RevocationEntry
}

type Filter = Omit<EntryQuery, 'offset' | 'limit'>

interface Listing {
  readonly rows: readonly Shown[]
  readonly byStatus: EntryPage['byStatus']
  readonly span: EntryPage['span']
  readonly madeAt: Date
}

/** How many are looked at in one go: about a millisecond. */
const slice = 256
/** Whoever scrolls sees one order, and a hundred thousand are not put in order for each page. */
const keptMs = 10_000
const mostKept = 4

/** The certificates that are asked about, page by page, the most urgent first. What is long is done in slices. */
export class EntryPages {
  readonly #parts: EntryPagesParts
  readonly #kept = new Map<string, { readonly listing: Promise<Listing>; readonly fromMs: number }>()

  constructor(parts: EntryPagesParts) {
    this.#parts = parts
  }

  /** Order and counts are as of `listedAt`, at most ten seconds ago; what is said of each entry is as of `at`. */
  async page({ offset, limit, ...filter }: EntryQuery, at: Date, pause: () => Promise<void>): Promise<EntryPage> {
    const { rows, byStatus, span, madeAt } = await this.#listing(filter, at, pause)
    return {
      ...{ total: rows.length, byStatus, span, listedAt: madeAt },
      entries: rows.slice(offset, offset + limit).map((shown) => this.#parts.entryOf(shown, at)),
    }
  }

  /** Issuers and responders to choose from, those with most certificates first. */
  async choices(pause: () => Promise<void>): Promise<EntryChoices> {
    const issuers = new Map<string, { readonly sha256: string; readonly subject: string; certificates: number }>()
    const responders = new Map<string, { readonly origin: string; certificates: number }>()
    let looked = 0
    for (const { subject } of this.#parts.each()) {
      if (++looked % slice === 0) await pause()
      const { sha256, subject: name } = subject.issuer
      const issuer = issuers.get(sha256) ?? { sha256, subject: name, certificates: 0 }
      issuer.certificates++
      issuers.set(sha256, issuer)
      const origin = originOf(subject)
      if (origin === undefined) continue
      const responder = responders.get(origin) ?? { origin, certificates: 0 }
      responder.certificates++
      responders.set(origin, responder)
    }
    const byCount = (a: { certificates: number }, b: { certificates: number }) => b.certificates - a.certificates
    return { issuers: [...issuers.values()].sort(byCount), responders: [...responders.values()].sort(byCount) }
  }

  #listing(filter: Filter, at: Date, pause: () => Promise<void>): Promise<Listing> {
    const key = JSON.stringify(filter)
    const known = this.#kept.get(key)
    // A clock that is set back makes nothing last longer.
    if (known !== undefined && Math.abs(at.getTime() - known.fromMs) < keptMs) return known.listing
    const listing = this.#list(filter, at, pause)
    this.#kept.delete(key)
    this.#kept.set(key, { listing, fromMs: at.getTime() })
    listing.catch(() => this.#kept.delete(key))
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest)
    return listing
  }

  async #list(filter: Filter, at: Date, pause: () => Promise<void>): Promise<Listing> {
    const byStatus = { good: 0, revoked: 0, unknown: 0, unavailable: 0, no_source: 0, pending: 0 }
    let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    const rows = new Map<string, Shown>()
    const urgencies: number[] = []
    let looked = 0
    for (const shown of this.#parts.each()) {
      if (++looked % slice === 0) await pause()
      const { sha256: key } = shown.subject.certificate
      const known = rows.get(key)
      if (known !== undefined) {
        rows.set(key, { ...known, devApps: [...new Set([...known.devApps, ...shown.devApps])] })
        continue
      }
      if (!matches(shown, filter)) continue
      const standing = this.#parts.standingOf(shown, at)
      if (filter.status !== undefined && standing.status !== filter.status) continue
      byStatus[standing.status]++
      if (standing.thisUpdate !== undefined) fromMs = Math.min(fromMs, standing.thisUpdate.getTime())
      toMs = Math.max(toMs, (standing.nextUpdate ?? standing.usableUntil)?.getTime() ?? toMs)
      urgencies.push(urgencyOf(standing, at))
      rows.set(key, shown)
    }
    const all = [...rows.values()]
    return {
      rows: inOrder(urgencies).flatMap((index) => all[index] ?? []),
      byStatus,
      span: fromMs < toMs ? { from: new Date(fromMs), to: new Date(toMs) } : undefined,
      madeAt: at,
    }
  }
}

function matches({ subject, devApps }: Shown, { devApp, issuerSha256, responder, search }: Filter): boolean {
  if (devApp !== undefined && !devApps.includes(devApp)) return false
  if (issuerSha256 !== undefined && subject.issuer.sha256 !== issuerSha256) return false
  if (responder !== undefined && originOf(subject) !== responder) return false
  if (search === undefined) return true
  const wanted = search.toLowerCase()
  const { commonNames, serialNumber } = subject.certificate
  return [...commonNames, serialNumber, ...devApps].some((text) => text.toLowerCase().includes(wanted))
}

const originOf = ({ addresses }: Subject): string | undefined =>
  addresses.status === 'named' ? addresses.responders[0].origin : undefined

/** Those first that nobody can use. What has no source never gets an answer. */
export function urgencyRank({ status }: Pick<Standing, 'status'>): number {
  return status === 'unavailable' ? 0 : status === 'pending' ? 1 : status === 'no_source' ? 3 : 2
}

/** By rank, then those first that end first. */
function urgencyOf({ status, usableUntil }: Standing, at: Date): number {
  const leftSeconds = Math.round(((usableUntil?.getTime() ?? at.getTime()) - at.getTime()) / 1_000)
  return urgencyRank({ status }) * 2 ** 31 + Math.min(Math.max(leftSeconds + 2 ** 30, 0), 2 ** 31 - 1)
}

/** The indexes of the numbers in ascending order of these; as plain numbers a hundred thousand take some milliseconds. */
function inOrder(urgencies: readonly number[]): readonly number[] {
  const places = 2 ** 20
  const keys = Float64Array.from(urgencies, (urgency, index) => urgency * places + index).sort()
  return Array.from(keys, (key) => key % places)
}
