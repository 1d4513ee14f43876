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
  /** Requests that waited for a responder. */
  readonly waits: number
  /** Requests whose deadline passed first. */
  readonly late: number
}

type Counting<Counters> = { -readonly [Name in keyof Counters]: Counting<Counters[Name]> }

export function newStatistics(): Counting<RevocationStatistics> {
  return {
    memory: { hits: 0, misses: 0 },
    redis: { hits: 0, misses: 0, rejected: 0, failures: 0 },
    responder: { inquiries: 0, answered: 0, failed: 0, rejected: 0 },
    waits: 0,
    late: 0,
  }
}
