import type { Deny } from '../decision.ts'
import type { Evidence } from '../evidence.ts'

/** One reason to refuse: pure, synchronous and total. */
export type Check = (evidence: Evidence) => Deny | undefined
