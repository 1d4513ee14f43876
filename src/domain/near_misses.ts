import { type Decision, denialIn } from './decision.ts'
import type { Evidence } from './evidence.ts'
import { type NearMiss, nearMissKinds, type Registrations } from './near_miss.ts'
import { alikeMiss } from './near_misses/alike.ts'
import { attachedMisses } from './near_misses/attached.ts'

/** A common name that everybody uses makes no list longer. */
const maxNearMisses = 10

/**
 * What a refused certificate nearly is, each with its cure, what its issuer proves first; nothing where it was allowed, or none
 * was asked for.
 */
export function nearMisses(evidence: Evidence, decision: Decision, registrations: Registrations): readonly NearMiss[] {
  const { request, policy, identity, now } = evidence
  const presented = request.certificate
  const denial = denialIn(decision)
  if (denial === undefined || !policy.require.has('certificate') || presented.status !== 'presented') return []
  const { certificate: leaf } = presented
  const found =
    identity.binding.status === 'registered'
      ? attachedMisses(identity.binding, evidence, denial.code, registrations)
      : registrations.alike(leaf).map((alike) => alikeMiss(leaf, alike, now, registrations))
  return [...found].sort((a, b) => rank(a) - rank(b)).slice(0, maxNearMisses)
}

const rank = ({ kind, provenIssuer }: NearMiss): number =>
  nearMissKinds.indexOf(kind) + (provenIssuer ? 0 : nearMissKinds.length)
