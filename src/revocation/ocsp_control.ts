import type { BreakerState } from '../breaker.ts'
import type { RegisteredCertificate } from '../domain/devapp.ts'
import type {
  EntryChoices,
  EntryPage,
  EntryQuery,
  FleetMemory,
  PurgeOutcome,
  PurgeSelection,
  RevocationControl,
  RevocationEntry,
  RevocationOverview,
  WarmOutcome,
  WarmProgress,
} from './control.ts'
import type { CrlSource } from './crl/crl_source.ts'
import { EntryPages, type Shown, type Standing, urgencyRank } from './entry_pages.ts'
import type { Lookup } from './lookup.ts'
import type { MemoryCache, Remembered } from './memory_cache.ts'
import type { Pace } from './pace.ts'
import type { Refresher } from './refresher.ts'
import type { RevocationStatistics } from './statistics.ts'
import type { Subject } from './subject.ts'

export interface OcspControlParts {
  readonly lookup: Lookup
  readonly memory: MemoryCache
  readonly refresher: Refresher
  readonly pace: Pace
  /** Absent where nobody shares. */
  readonly leases?: { readonly ready: boolean } | undefined
  /** Absent where CRLs do not count. */
  readonly crls?: CrlSource | undefined
  /** Absent where nobody shares. */
  readonly fleet?: FleetMemory | undefined
  readonly ownersOf?: ((certificate: RegisteredCertificate) => readonly string[]) | undefined
}

/** How many are looked up in one go: about a millisecond. */
const overviewSlice = 256

/** What operators see of the registered certificates' answers, and do with them. */
export class OcspControl implements RevocationControl {
  readonly #parts: OcspControlParts
  readonly #pages: EntryPages

  constructor(parts: OcspControlParts) {
    this.#parts = parts
    this.#pages = new EntryPages({
      each: () => this.#eachShown(),
      standingOf: (shown, at) => this.#standing(shown, at),
      entryOf: (shown, at) => this.#entry(shown, at),
    })
  }

  get statistics(): RevocationStatistics {
    return this.#parts.lookup.counts
  }

  get breakers(): ReadonlyMap<string, BreakerState> {
    return this.#parts.lookup.breakers
  }

  get redisReady(): boolean | undefined {
    return this.#parts.leases?.ready
  }

  async overview(at: Date, pause: () => Promise<void>): Promise<RevocationOverview> {
    const byStatus = { good: 0, revoked: 0, unknown: 0, unavailable: 0, no_source: 0, pending: 0 }
    const [ages, remaining]: [number[], number[]] = [[], []]
    const counted = new Set<string>()
    let looked = 0
    for (const subject of this.#parts.refresher.eachSubject()) {
      if (++looked % overviewSlice === 0) await pause()
      if (counted.has(subject.key)) continue
      counted.add(subject.key)
      const { status, thisUpdate, nextUpdate } = this.#entry({ subject, devApps: [] }, at)
      byStatus[status]++
      if (thisUpdate !== undefined) ages.push((at.getTime() - thisUpdate.getTime()) / 1_000)
      if (nextUpdate !== undefined) remaining.push((nextUpdate.getTime() - at.getTime()) / 1_000)
    }
    return { byStatus, remembered: this.#parts.memory.size, ages, remaining }
  }

  entries(at: Date): readonly RevocationEntry[] {
    return [...this.#shown().values()].map((shown) => this.#entry(shown, at)).sort(byUrgency)
  }

  page(query: EntryQuery, at: Date, pause: () => Promise<void>): Promise<EntryPage> {
    return this.#pages.page(query, at, pause)
  }

  choices(pause: () => Promise<void>): Promise<EntryChoices> {
    return this.#pages.choices(pause)
  }

  get(sha256: string, at: Date): { readonly entry: RevocationEntry; readonly der: Uint8Array | undefined } | undefined {
    const shown = this.#shown().get(sha256)
    if (shown === undefined) return undefined
    return { entry: this.#entry(shown, at), der: this.#parts.memory.peek(shown.subject.key)?.answer.der }
  }

  async purge(selection: PurgeSelection): Promise<PurgeOutcome> {
    const keys = this.#selected(selection).map(({ key }) => key)
    const fleet = (await this.#parts.fleet?.purge(keys)) ?? true
    this.forget(keys)
    return { certificates: keys.length, fleet }
  }

  /** Forgets answers here, which are then asked for anew: what a neighbour purged. */
  forget(keys: readonly string[]): void {
    for (const key of keys) {
      this.#parts.memory.forget(key)
      this.#parts.lookup.forgetFailure(key)
    }
    this.#parts.refresher.hasten(keys)
  }

  async warm(onProgress: (progress: WarmProgress) => void = () => {}): Promise<WarmOutcome> {
    const subjects = this.#subjects().filter(({ addresses }) => addresses.status === 'named')
    const counts = { asked: 0, answered: 0, failed: 0 }
    const inquiries: Promise<void>[] = []
    for (const subject of subjects) {
      await this.#parts.pace.turn()
      counts.asked++
      inquiries.push(
        this.#parts.lookup.inquire(subject).then(({ status }) => {
          counts[status]++
          onProgress({ ...counts, of: subjects.length })
        }),
      )
    }
    await Promise.all(inquiries)
    return counts
  }

  #selected(selection: PurgeSelection): readonly Subject[] {
    const subjects = this.#subjects()
    if (selection.kind === 'all') return subjects
    return subjects.filter((subject) => {
      const selecting = selection.kind === 'issuer' ? subject.issuer : subject.certificate
      return selecting.sha256 === selection.sha256
    })
  }

  #subjects(): readonly Subject[] {
    return [...this.#shown().values()].map(({ subject }) => subject)
  }

  /** By the SHA-256 of the certificate, each once; a CA with the DevApps of all below it. */
  #shown(): ReadonlyMap<string, Shown> {
    const shown = new Map<string, Shown>()
    for (const { subject, devApps } of this.#eachShown()) {
      const { sha256 } = subject.certificate
      const known = shown.get(sha256)
      shown.set(sha256, { subject, devApps: known ? [...new Set([...known.devApps, ...devApps])] : devApps })
    }
    return shown
  }

  /** One after another; a CA as often as certificates are below it. */
  *#eachShown(): Iterable<Shown> {
    for (const { certificate, subjects } of this.#parts.refresher.eachRegistered()) {
      const devApps = this.#parts.ownersOf?.(certificate) ?? []
      for (const subject of subjects) yield { subject, devApps }
    }
  }

  /** The same as the entry says, without the rest of it. */
  #standing(shown: Shown, at: Date): Standing {
    const { subject } = shown
    const known = this.#parts.memory.peek(subject.key)
    const status = statusOf(subject, known, this.#parts.lookup.lastFailure(subject.key) !== undefined, at)
    if (!isAnswer(status) && this.#parts.crls !== undefined) return this.#entry(shown, at)
    const { thisUpdate, nextUpdate } = known?.answer ?? {}
    return { status, thisUpdate, nextUpdate, usableUntil: known && new Date(known.untilMs) }
  }

  #entry({ subject, devApps }: Shown, at: Date): RevocationEntry {
    const { certificate, issuer, key, addresses } = subject
    const { lookup, memory, refresher } = this.#parts
    const known = memory.peek(key)
    const failure = lookup.lastFailure(key)
    const status = statusOf(subject, known, failure !== undefined, at)
    const entry: RevocationEntry = {
      ...{ sha256: certificate.sha256, serialNumber: certificate.serialNumber, devApps: [...devApps] },
      commonName: certificate.commonNames.join(', ') || certificate.subject,
      ...{ issuer: issuer.subject, issuerSha256: issuer.sha256 },
      status,
      source: known === undefined ? undefined : 'ocsp',
      ...{ thisUpdate: known?.answer.thisUpdate, nextUpdate: known?.answer.nextUpdate },
      usableUntil: known && new Date(known.untilMs),
      nextRefresh: refresher.nextRefresh(key),
      responder: addresses.status === 'named' ? addresses.responders[0].href : undefined,
      lastError: addresses.status === 'not_permitted' ? { at, cause: `not_permitted ${addresses.detail}` } : failure,
    }
    return isAnswer(status) ? entry : (this.#byCrl(subject, entry, at) ?? entry)
  }

  /** The entry with what the CRL says, where OCSP gives no answer and a CRL is held that may be used. */
  #byCrl(subject: Subject, entry: RevocationEntry, at: Date): RevocationEntry | undefined {
    const view = this.#parts.crls?.view(subject)
    const held = view?.usableUntil !== undefined && at < view.usableUntil ? view : undefined
    const said = held && this.#parts.crls?.statusOf(subject, at)
    if (held === undefined || said === undefined || said instanceof Promise || !isAnswer(said.status)) return undefined
    const { thisUpdate, nextUpdate, usableUntil, nextRefresh, location, lastError } = held
    const times = { thisUpdate, nextUpdate, usableUntil, nextRefresh }
    return {
      ...entry,
      ...times,
      status: said.status,
      source: 'crl',
      responder: location,
      lastError: lastError ?? entry.lastError,
    }
  }
}

function isAnswer(status: string): status is 'good' | 'revoked' | 'unknown' {
  return status === 'good' || status === 'revoked' || status === 'unknown'
}

function statusOf(
  { addresses }: Subject,
  known: Remembered | undefined,
  hasFailed: boolean,
  at: Date,
): RevocationEntry['status'] {
  if (known !== undefined && at.getTime() < known.untilMs) return known.answer.status
  if (addresses.status === 'no_source') return 'no_source'
  return hasFailed || known !== undefined || addresses.status === 'not_permitted' ? 'unavailable' : 'pending'
}

/** By rank, then those first that end first. */
function byUrgency(a: RevocationEntry, b: RevocationEntry): number {
  return urgencyRank(a) - urgencyRank(b) || (a.usableUntil?.getTime() ?? 0) - (b.usableUntil?.getTime() ?? 0)
}
