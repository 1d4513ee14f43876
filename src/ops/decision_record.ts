/** What is told of one decision to the log and the metrics. No credential has a place in it. */
export interface DecisionRecord {
  /** `allow`, or the code of the refusal. */
  readonly code: string
  /** Set where the refusal was not enforced: the policy is in shadow mode. */
  readonly shadow: true | undefined
  readonly policy: string | undefined
  /** Of the policy; `undefined` where there is none of that name. */
  readonly channel: 'mtls' | 'tls' | 'try' | undefined
  readonly devapp: string | undefined
  readonly serial: string | undefined
  readonly request_id: string | undefined
  readonly ms: number
  readonly revocation: string | undefined
  /** Where the revocation answer was found. */
  readonly tier: string | undefined
  /** The refusal that the configuration waived, on an allowed request: it has no answer of the issuer, or may be a repeated one. */
  readonly waived: 'revocation_unavailable' | 'revocation_no_source' | 'replay_unavailable' | undefined
  /** The DevApps whose certificate the presented one, which nobody attached, seems to renew. */
  readonly likely_renewal: string | undefined
  /** What exactly was found, for the operator. */
  readonly detail: string | undefined
}
