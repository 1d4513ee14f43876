import type { Rules } from '../domain/policy.ts'

/** What the configuration says about the answering of requests. */
export interface CheckSettings extends Rules {
  readonly deadlineMs: number
  readonly typeBase: string
}
