import type { ChainFinding } from './chain.ts'
import { type Deny, deny, type TrialStep, type Tried, type TriedPolicy } from './decision.ts'
import type { Evidence } from './evidence.ts'
import { type CheckName, examine, judge } from './judge.ts'
import type { NearMiss, Registrations } from './near_miss.ts'
import { nearMisses } from './near_misses.ts'
import type { Policy } from './policy.ts'

export interface Trial {
  /** As of an API that asks for a client certificate and for nothing else. */
  readonly evidence: Evidence
  readonly chain: ChainFinding | undefined
  readonly policies: ReadonlyMap<string, Policy>
  /** Whether the registered issuer is one of the accepted qualified trust service providers. */
  readonly qtspAccepted: boolean
  readonly registrations: Registrations | undefined
}

/**
 * What an API would decide about a certificate, and why: the checks of `judge`, and the chain, which Envoy asks for in the
 * handshake. Nothing but the caller's own is told: whose certificate it is, and what the APIs would say, where it is the
 * registered one; whether it nearly is, where it leads to a registered CA, since anybody can sign a victim's serial number and name.
 */
export function trialOf(trial: Trial): Tried {
  const { evidence, chain } = trial
  const { request, identity, now } = evidence
  const { binding, selection } = identity
  const steps = stepsOf(trial)
  const failed = steps.find(({ outcome }) => outcome === 'fail')?.denial
  const policies = selection.status === 'selected' ? triedPolicies(trial) : []
  return {
    ...{ kind: 'tried', at: now, chain, steps, policies },
    denial: failed ?? denialOfAll(policies),
    certificate: request.certificate.status === 'presented' ? request.certificate.certificate : undefined,
    devApps: binding.status === 'registered' ? binding.owners : [],
    nearMisses: isProven(trial) && failed !== undefined ? provenMisses(trial, failed) : [],
  }
}

const isRegistered = ({ evidence }: Trial): boolean => evidence.identity.binding.status === 'registered'
/** Who holds the key of a registered leaf is no stranger, whatever became of its chain. */
const isProven = (trial: Trial): boolean => trial.chain?.status === 'trusted' || isRegistered(trial)
const isPresented = ({ evidence }: Trial): boolean => evidence.request.certificate.status === 'presented'
const always = (): boolean => true

const chainStep = 'certificate_chain'

/** In the order in which Envoy and the service ask, each where there is something to look at that the caller may know. */
const asked: readonly { readonly name: CheckName | typeof chainStep; readonly reached: (trial: Trial) => boolean }[] = [
  { name: 'certificate_presented', reached: always },
  { name: chainStep, reached: isPresented },
  { name: 'certificate_validity', reached: isPresented },
  { name: 'certificate_purpose', reached: isPresented },
  { name: 'certificate_registered', reached: isProven },
  { name: 'revocation', reached: isRegistered },
  { name: 'devapp_selected', reached: isRegistered },
  { name: 'devapp_enabled', reached: ({ evidence }) => evidence.identity.selection.status === 'selected' },
]

function stepsOf(trial: Trial): readonly TrialStep[] {
  const said = new Map<string, Deny | undefined>(examine(trial.evidence).map(({ name, denial }) => [name, denial]))
  said.set(chainStep, untrusted(trial.chain))
  return asked.map(({ name, reached }) => {
    if (!reached(trial)) return { name, outcome: 'not_reached', denial: undefined }
    const denial = said.get(name)
    return { name, outcome: denial === undefined ? 'pass' : 'fail', denial }
  })
}

function untrusted(chain: ChainFinding | undefined): Deny | undefined {
  return chain?.status === 'untrusted' ? deny('cert_chain_untrusted', { detail: chain.reason }) : undefined
}

function triedPolicies({ evidence, policies, qtspAccepted }: Trial): readonly TriedPolicy[] {
  return [...policies.values()]
    .filter(({ channel }) => channel === 'mtls')
    .map((policy) => {
      const decision = judge({ ...evidence, policy: withoutBasic(policy), qtspAccepted })
      return {
        name: policy.name,
        denial: decision.kind === 'deny' ? decision : undefined,
        alsoBasic: policy.require.has('basic'),
      }
    })
}

const withoutBasic = (policy: Policy): Policy => ({
  ...policy,
  require: new Set([...policy.require].filter((credential) => credential !== 'basic')),
})

/** Where not one of them would let the caller in, what the first one says. */
function denialOfAll(policies: readonly TriedPolicy[]): Deny | undefined {
  return policies.every(({ denial }) => denial !== undefined) ? policies[0]?.denial : undefined
}

/** Whose the ClientKey is that somebody sends along is nobody's to know. */
function provenMisses({ evidence, registrations }: Trial, denial: Deny): readonly NearMiss[] {
  if (registrations === undefined) return []
  const request = { ...evidence.request, clientKey: undefined }
  return nearMisses({ ...evidence, request }, denial, registrations).filter(({ provenIssuer }) => provenIssuer)
}
