import type { Certificate } from './domain/certificate.ts'
import type { ChainFinding, SentChain } from './domain/chain.ts'
import { deny } from './domain/decision.ts'
import type { Evidence } from './domain/evidence.ts'
import { type Judgement, refused } from './domain/judgement.ts'
import type { Policy, Rules } from './domain/policy.ts'
import type { AuthRequest } from './domain/request.ts'
import { afterMs } from './domain/retry_after.ts'
import { trialOf } from './domain/trial.ts'
import { gather } from './gather.ts'
import type { Admission, Ports } from './ports.ts'

/**
 * What an API would decide about the certificate of a request that came to try it, by the checks that decide there; or a refusal,
 * where the request is one too many. Only a registered certificate makes the service ask a responder, here too.
 */
export function tryOut(
  request: AuthRequest,
  policy: Policy,
  rules: Rules,
  ports: Ports,
): Judgement | Promise<Judgement> {
  const now = ports.clock()
  const admission = policy.rate && ports.trials.admit(request.source ?? '', policy.rate, now)
  if (admission?.admitted !== true) return refused(tooMany(admission))
  const devApps = ports.registry.snapshot()
  if (devApps === undefined) return refused(deny('registry_unavailable', { detail: 'nothing was read yet' }))

  const { certificate: presented } = request
  const chain =
    presented.status === 'presented' ? chainOf(presented.certificate, request.sentChain(), now, ports) : undefined
  const report = (evidence: Evidence): Judgement => ({
    decision: trialOf({
      ...{ evidence, chain, policies: rules.policies },
      qtspAccepted: isOfAcceptedQtsp(evidence, ports),
      registrations: ports.trials.registrations(),
    }),
    evidence,
  })
  const evidence = gather(asAtAnApi(request), certificateAlone, rules, devApps, ports)
  return evidence instanceof Promise ? evidence.then(report) : report(evidence)
}

function tooMany(admission: Extract<Admission, { admitted: false }> | undefined) {
  if (admission === undefined) return deny('policy_unknown', { detail: 'the policy has no rate' })
  const { retryAfter, retryAfterSeconds } = afterMs(admission.retryAfterMs)
  return { ...deny('too_many_requests', { retryAfter, detail: `by=${admission.by}` }), retryAfterSeconds }
}

/** Without credentials that are not tried: what a wrong secret is answered would help who guesses. */
const asAtAnApi = (request: AuthRequest): AuthRequest => ({ ...request, basic: { status: 'absent' } })

/** What all APIs with a client certificate ask for. */
const certificateAlone: Policy = {
  ...{ name: 'certificate', channel: 'mtls', require: new Set(['certificate']), product: undefined, psd2: undefined },
  ...{ onUnavailable: undefined, onNoSource: undefined, answer: 'problem', keepAuthorization: false },
  ...{ shadow: false, rate: undefined },
}

function chainOf(leaf: Certificate, sent: SentChain, at: Date, { trials }: Ports): ChainFinding {
  if (sent.status === 'read') {
    const others = sent.certificates.filter(({ sha256 }) => sha256 !== leaf.sha256)
    return trials.chainOf(leaf, others, at)
  }
  const alone = trials.chainOf(leaf, [], at)
  return alone.status === 'trusted'
    ? alone
    : { status: 'untrusted', reason: `what came with it cannot be read: ${sent.cause}` }
}

function isOfAcceptedQtsp({ identity: { binding } }: Evidence, { qtsps }: Ports): boolean {
  return binding.status === 'registered' && qtsps.accepts(binding.certificate.chain[0])
}
