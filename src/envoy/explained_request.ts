import { denialIn } from '../domain/decision.ts'
import { denials } from '../domain/denials.ts'
import type { Rules } from '../domain/policy.ts'
import { type ExplainParts, explain } from '../explain/explain.ts'
import type { Explanation } from '../explain/explanation.ts'
import type { RegistrySnapshot } from '../registry/registry.ts'
import { answerOf } from './answer.ts'
import { parseCheckRequest } from './check_request.ts'
import { checkRequestOf, type ReadAttributes } from './check_request_json.ts'
import type { CheckSettings } from './check_settings.ts'
import { handshakeRefusal } from './handshake_refusal.ts'
import type { PresentedCertificates } from './presented_certificates.ts'
import { responseTo } from './response_to.ts'

export interface ExplainedRequestParts extends Omit<ExplainParts, 'rules'> {
  readonly rules: Rules & Pick<CheckSettings, 'typeBase'>
  readonly certificates: Pick<PresentedCertificates, 'read'>
  readonly snapshot: RegistrySnapshot | undefined
}

/**
 * Decides about a request as the service would, and says why, down to what the caller would get; `undefined` where its policy is one
 * for trying certificates, which answers with its reasons by itself.
 */
export async function explainedRequest(
  attributes: ReadAttributes,
  { certificates, snapshot, ...parts }: ExplainedRequestParts,
): Promise<Explanation | undefined> {
  const request = parseCheckRequest(checkRequestOf(attributes), certificates)
  const at = parts.ports.clock()
  const { judgement, steps, nearMisses } = await explain(request, parts)
  const { decision, evidence } = judgement
  if (decision.kind === 'tried') return undefined
  const response = responseTo('kind' in request ? undefined : request, judgement, parts.rules)
  return {
    at: (evidence?.now ?? at).toISOString(),
    policy: attributes.policy ?? null,
    decision: {
      ...{ kind: decision.kind, code: denialIn(decision)?.code ?? 'allow' },
      status: decision.kind === 'deny' ? denials[decision.code].status : null,
    },
    steps: [...steps],
    handshake: handshakeRefusal(evidence, snapshot) ?? null,
    nearMisses: nearMisses.map((miss) => ({ ...miss, devApps: [...miss.devApps] })),
    answer: answerOf(response),
  }
}
