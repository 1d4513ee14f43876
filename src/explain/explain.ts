import { authorize } from '../authorize.ts'
import type { Deny } from '../domain/decision.ts'
import { type Judgement, refused } from '../domain/judgement.ts'
import type { NearMiss, Registrations } from '../domain/near_miss.ts'
import { nearMisses } from '../domain/near_misses.ts'
import type { Policy, Rules } from '../domain/policy.ts'
import type { AuthRequest } from '../domain/request.ts'
import type { Ports } from '../ports.ts'
import type { Step } from './explanation.ts'
import type { Circumstances } from './findings.ts'
import { type PreliminaryFindings, stepsOf } from './steps.ts'

export interface ExplainParts {
  readonly rules: Rules
  readonly ports: Ports
  /** Where near misses are looked for; `undefined` without a registry. */
  readonly registrations: Registrations | undefined
  /** How the registry is called, and what it holds or why it cannot be read. */
  readonly registry: string
  /** Asked for after the decision. */
  readonly circumstances: (judgement: Judgement) => Circumstances
}

export interface Explained {
  readonly judgement: Judgement
  readonly steps: readonly Step[]
  readonly nearMisses: readonly NearMiss[]
}

/** Decides about a request as the service does, by the same `authorize`, and says what each step found. */
export async function explain(request: AuthRequest | Deny, parts: ExplainParts): Promise<Explained> {
  const { rules, ports, registrations } = parts
  const judgement = 'kind' in request ? refused(request) : await authorize(request, rules, ports)
  const { decision, evidence } = judgement
  const found = 'kind' in request ? unread(request) : preliminaryFindings(request, rules, parts.registry)
  return {
    judgement,
    steps: stepsOf(judgement, found, parts.circumstances(judgement)),
    nearMisses:
      evidence === undefined || registrations === undefined ? [] : nearMisses(evidence, decision, registrations),
  }
}

const unread = ({ detail = '' }: Deny): PreliminaryFindings => ({
  ...{ request_read: detail, policy_known: '', hostname: '', registry_read: '' },
})

function preliminaryFindings(request: AuthRequest, rules: Rules, registry: string): PreliminaryFindings {
  const { sni = 'none', host } = request
  const policy = request.policy === undefined ? undefined : rules.policies.get(request.policy)
  const channel = policy?.channel ?? 'mtls'
  return {
    request_read: 'an HTTP request',
    policy_known:
      policy === undefined
        ? `no policy ${request.policy ?? 'is named'}; there are ${[...rules.policies.keys()].join(', ')}`
        : wordsOfPolicy(policy),
    hostname: `SNI ${sni}, Host ${host}; the channel ${channel} is served on ${rules.hostnames.advertised(channel)}`,
    registry_read: registry,
  }
}

function wordsOfPolicy({ name, channel, require, product }: Policy): string {
  const asked = [...require].join(' and ') || 'no credentials'
  return `${name}: channel ${channel}, ${asked}${product === undefined ? '' : `, product ${product}`}`
}
