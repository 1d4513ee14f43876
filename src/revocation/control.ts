import type { BreakerState } from '../breaker.ts'
import type { RevocationStatistics } from './statistics.ts'

/** What is known of one registered certificate's revocation, for whoever operates the service. */
export interface RevocationEntry {
  /** Of the leaf, lower-case hex. */
  readonly sha256: string
  readonly serialNumber: string
  readonly commonName: string
  /** The issuer's subject, and the SHA-256 of its certificate. */
  readonly issuer: string
  readonly issuerSha256: string
  readonly devApps: readonly string[]
  /** `pending`: nobody has answered yet. `unavailable`: the last attempt failed, and nothing usable is remembered. */
  readonly status: 'good' | 'revoked' | 'unknown' | 'unavailable' | 'no_source' | 'pending'
  readonly source: 'ocsp' | 'crl' | undefined
  readonly thisUpdate: Date | undefined
  readonly nextUpdate: Date | undefined
  /** Not used from this instant on. */
  readonly usableUntil: Date | undefined
  readonly nextRefresh: Date | undefined
  /** The address that is asked first. */
  readonly responder: string | undefined
  readonly lastError: { readonly at: Date; readonly cause: string } | undefined
}

/** Which certificates to show, and which part of them. Every part of it narrows the choice. */
export interface EntryQuery {
  /** The id of a DevApp. */
  readonly devApp: string | undefined
  /** Of the issuer's certificate, lower-case hex. */
  readonly issuerSha256: string | undefined
  /** Scheme, host and port. */
  readonly responder: string | undefined
  readonly status: RevocationEntry['status'] | undefined
  /** A part of a common name, a serial number or the id of a DevApp, in either case. */
  readonly search: string | undefined
  readonly offset: number
  readonly limit: number
}

export interface EntryPage {
  /** How many match in all. */
  readonly total: number
  readonly byStatus: Readonly<Record<RevocationEntry['status'], number>>
  /** From the first thisUpdate to the last nextUpdate of those that match; `undefined` where there are none. */
  readonly span: { readonly from: Date; readonly to: Date } | undefined
  /** As of when they were put in order. */
  readonly listedAt: Date
  readonly entries: readonly RevocationEntry[]
}

/** Whose certificates are registered, and who answers for them: those with most of them first. */
export interface EntryChoices {
  readonly issuers: readonly { readonly sha256: string; readonly subject: string; readonly certificates: number }[]
  readonly responders: readonly { readonly origin: string; readonly certificates: number }[]
}

/** How all registered certificates stand at one time. */
export interface RevocationOverview {
  readonly byStatus: Readonly<Record<RevocationEntry['status'], number>>
  /** How many answers are in memory. */
  readonly remembered: number
  /** Of each answer in use, in seconds: since its thisUpdate, and until its nextUpdate where it names one. */
  readonly ages: readonly number[]
  readonly remaining: readonly number[]
}

export type PurgeSelection =
  | { readonly kind: 'certificate' | 'issuer'; readonly sha256: string }
  | { readonly kind: 'all' }

/** What an operator may see of the remembered answers, and do with them. */
export interface RevocationControl {
  readonly statistics: RevocationStatistics
  /** Of every responder that was asked, by its origin. */
  readonly breakers: ReadonlyMap<string, BreakerState>
  /** Whether Redis is connected to; `undefined` where none is configured. */
  readonly redisReady: boolean | undefined
  /** Looked up a few at a time, between which `pause` is waited for, since there may be a hundred thousand. */
  overview(at: Date, pause: () => Promise<void>): Promise<RevocationOverview>
  /** Every registered certificate, the most urgent first. */
  entries(at: Date): readonly RevocationEntry[]
  /** A part of them, the most urgent first. Looked up like `overview`. */
  page(query: EntryQuery, at: Date, pause: () => Promise<void>): Promise<EntryPage>
  /** Issuers and responders to choose from, those with most certificates first. Looked up like `overview`. */
  choices(pause: () => Promise<void>): Promise<EntryChoices>
  /** The entry and the signed answer in DER, where one is remembered; `undefined` for a certificate that is not registered. */
  get(sha256: string, at: Date): { readonly entry: RevocationEntry; readonly der: Uint8Array | undefined } | undefined
  /**
   * Forgets answers here, in Redis, and in every process that shares it; `certificates` is how many registered ones were
   * selected. `fleet` is false where Redis could not be told, and true where none is configured: nobody shares then.
   */
  purge(selection: PurgeSelection): Promise<PurgeOutcome>
  /**
   * Asks for every registered certificate now, at the configured rate. `onProgress` is told as it goes on, and must not
   * be waited for; the warming goes on whether or not somebody still listens.
   */
  warm(onProgress?: (progress: WarmProgress) => void): Promise<WarmOutcome>
}

export interface PurgeOutcome {
  readonly certificates: number
  readonly fleet: boolean
}

export interface WarmOutcome {
  readonly asked: number
  readonly answered: number
  readonly failed: number
}

/** The counts so far. */
export interface WarmProgress extends WarmOutcome {
  /** How many are to be asked about in all. */
  readonly of: number
}

/** The answers of the whole fleet, for who makes it forget: a service, or the command line with Redis alone. */
export interface FleetMemory {
  /**
   * Removes the shared answers under these keys (`Subject.key`), and tells every process that shares them to forget its own.
   * `false` where Redis could not be told. Never rejects.
   */
  purge(keys: readonly string[]): Promise<boolean>
}
