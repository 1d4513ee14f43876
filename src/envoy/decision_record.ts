import { waiverOf } from '../domain/checks/revocation.ts'
import { replayWaiverOf } from '../domain/checks/signature.ts'
import { denialIn } from '../domain/decision.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Judgement } from '../domain/judgement.ts'
import type { Channel } from '../domain/policy.ts'
import type { AuthRequest } from '../domain/request.ts'
import type { DecisionRecord } from '../ops/decision_record.ts'

/** The record of a decision about `request`, which is `undefined` where it could not be read; `channel` is the policy's. */
export function decisionRecord(
  request: AuthRequest | undefined,
  judgement: Judgement,
  { channel, ms }: { readonly channel: Channel | undefined; readonly ms: number },
): DecisionRecord {
  const { decision, evidence } = judgement
  const denial = denialIn(decision)
  const presented = request?.certificate
  const selection = evidence?.identity.selection
  const revocation = evidence?.revocation
  return {
    code: denial?.code ?? 'allow',
    shadow: decision.kind === 'shadowed' ? true : undefined,
    policy: request?.policy,
    channel,
    devapp: selection?.status === 'selected' ? selection.devApp.id : undefined,
    serial: presented?.status === 'presented' ? presented.certificate.serialNumber : undefined,
    request_id: request?.id,
    ms: Math.round(ms * 1_000) / 1_000,
    revocation: revocation?.status,
    tier: revocation !== undefined && 'tier' in revocation ? revocation.tier : undefined,
    waived:
      decision.kind === 'allow' && evidence !== undefined
        ? (waiverOf(evidence) ?? replayWaiverOf(evidence))
        : undefined,
    likely_renewal: denial?.code === 'cert_not_registered' ? renewedFor(evidence) : undefined,
    detail: denial?.detail,
  }
}

function renewedFor(evidence: Evidence | undefined): string | undefined {
  const binding = evidence?.identity.binding
  if (binding?.status !== 'unregistered') return undefined
  return binding.likelyRenewalOf?.owners.map(({ id }) => id).join(', ')
}
