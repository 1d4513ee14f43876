import type { Decision, Deny } from './decision.ts'
import type { Evidence } from './evidence.ts'

export interface Judgement {
  readonly decision: Decision
  /** What the decision rests on; `undefined` where it fell before anything was gathered. */
  readonly evidence: Evidence | undefined
}

/** A refusal that fell before any evidence was gathered. */
export function refused(decision: Deny): Judgement {
  return { decision, evidence: undefined }
}
