import type { DecisionRecord } from './decision_record.ts'
import type { Presented } from './recent_denials.ts'

/** A certificate that was refused because nobody attached it, and that seems to renew a registered one. */
export interface WaitingRenewal {
  /** The ids of the DevApps whose certificate it seems to renew. */
  readonly devApps: string
  readonly serialNumber: string
  readonly commonName: string | undefined
  readonly sha256: string
  readonly firstMs: number
  readonly lastMs: number
  readonly requests: number
  readonly requestId: string | undefined
}

/** More third parties at once do not change their certificates too early. */
const mostKept = 200

/** The renewals that wait for somebody to attach them, since the service started. */
export class WaitingRenewals {
  readonly #waiting = new Map<string, WaitingRenewal>()

  add(record: DecisionRecord, { commonName, sha256 }: Presented, atMs: number): void {
    const { likely_renewal: devApps, serial: serialNumber = '', request_id: requestId } = record
    if (devApps === undefined || sha256 === undefined) return
    const known = this.#waiting.get(sha256)
    // The last one comes last.
    this.#waiting.delete(sha256)
    this.#waiting.set(sha256, {
      ...{ devApps, serialNumber, commonName, sha256, requestId, lastMs: atMs },
      firstMs: known?.firstMs ?? atMs,
      requests: (known?.requests ?? 0) + 1,
    })
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size > mostKept && oldest !== undefined) this.#waiting.delete(oldest)
  }

  /** The latest first, without those that were attached meanwhile. */
  waiting(isRegistered: (sha256: string) => boolean): readonly WaitingRenewal[] {
    return [...this.#waiting.values()].reverse().filter(({ sha256 }) => !isRegistered(sha256))
  }
}
