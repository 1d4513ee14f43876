import type { DecisionRecord } from './decision_record.ts'

export interface WouldDeny {
  readonly policy: string
  /** The code of the refusal that was not enforced. */
  readonly code: string
  readonly requests: number
}

/** How many requests passed in shadow mode alone, since the service started: by policy and code, both from closed sets. */
export class WouldDenyCount {
  readonly #counts = new Map<string, WouldDeny>()

  add({ shadow, policy = '', code }: Pick<DecisionRecord, 'shadow' | 'policy' | 'code'>): void {
    if (shadow === undefined) return
    const key = `${policy} ${code}`
    this.#counts.set(key, { policy, code, requests: (this.#counts.get(key)?.requests ?? 0) + 1 })
  }

  /** In the order of their first request. */
  get counts(): readonly WouldDeny[] {
    return [...this.#counts.values()]
  }
}
