/** What the tiers did since the start; counters only ever grow. */
export interface RevocationStatistics {
  readonly memory: {
    readonly hits: number
    readonly misses: number
  }
  readonly redis: {
    readonly hits: number
    readonly misses: number
    /** Entries that did not verify, were too large, or were older than what this process knew. */
    readonly rejected: number
    /** Reads that Redis did not answer in time, or refused. */
    readonly failures: number
  }
  readonly responder: {
    /** Inquiries made; one may go to several responders. */
    readonly inquiries: number
    readonly answered: number
    readonly failed: number
    /** Answers that did not verify, or were older than what this process knew. */
    readonly rejected: number
  }
  /** What the fleet said when this process was to renew an answer. */
  readonly leases: {
    /** This process asks. */
    readonly granted: number
    /** A neighbour is asking, or asked just now. */
    readonly taken: number
    readonly quiet: number
    /** Redis could not be asked. */
    readonly failed: number
  }
  /** Renewals ahead of time, of which nobody waits. */
  readonly refresh: {
    /** This process asked, and got an answer. */
    readonly answered: number
    readonly failed: number
    /** A neighbour's answer was there already. */
    readonly adopted: number
  }
  /** Requests that a policy let pass without an answer. */
  readonly waived: {
    readonly unavailable: number
    readonly no_source: number
  }
  /** Requests that waited for a responder. */
  readonly waits: number
  /** Requests whose deadline passed first. */
  readonly late: number
}

type Counting<Counts> = { -readonly [Name in keyof Counts]: Counting<Counts[Name]> }

/** The same, for who counts. */
export type Counters = Counting<RevocationStatistics>

export function newStatistics(): Counters {
  return {
    memory: { hits: 0, misses: 0 },
    redis: { hits: 0, misses: 0, rejected: 0, failures: 0 },
    responder: { inquiries: 0, answered: 0, failed: 0, rejected: 0 },
    leases: { granted: 0, taken: 0, quiet: 0, failed: 0 },
    refresh: { answered: 0, failed: 0, adopted: 0 },
    waived: { unavailable: 0, no_source: 0 },
    waits: 0,
    late: 0,
  }
}
