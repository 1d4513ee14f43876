import type { Deny } from './decision.ts'
import type { DenyCode } from './denials.ts'
import type { Evidence } from './evidence.ts'
import type { Policy, Rules } from './policy.ts'

/**
 * Whether shadow mode lets a request pass that is refused so. Never where nothing was judged, where an issuer's own word is
 * against the certificate, or where it imitates a registered one.
 */
export const shadowable: Readonly<Record<DenyCode, boolean>> = {
  request_malformed: false,
  wrong_hostname: false,
  cert_missing: true,
  cert_malformed: true,
  cert_chain_untrusted: false,
  cert_not_yet_valid: true,
  cert_expired: true,
  cert_purpose: true,
  cert_not_registered: true,
  cert_issuer_mismatch: false,
  cert_differs: false,
  cert_revoked: false,
  cert_on_hold: false,
  issuer_revoked: false,
  cert_status_unknown: true,
  revocation_no_source: true,
  revocation_unavailable: true,
  qwac_required: true,
  qtsp_not_trusted: true,
  psd2_role_missing: true,
  psd2_authorisation_withdrawn: true,
  devapp_disabled: true,
  product_not_selected: true,
  devapp_ambiguous: true,
  basic_missing: true,
  basic_malformed: true,
  basic_invalid: true,
  too_many_attempts: true,
  devapp_mismatch: true,
  too_many_requests: false,
  policy_unknown: false,
  registry_unavailable: false,
  deadline_exceeded: false,
  internal_error: false,
}

/** Of everything that speaks against a request, what is enforced in shadow mode too; `undefined` where it passes. */
export function enforcedInShadow(denials: readonly Deny[], evidence: Evidence): Deny | undefined {
  const always = denials.find(({ code }) => !shadowable[code])
  return always ?? (isKnownRevoked(evidence) ? denials[0] : undefined)
}

/** Also by an answer that is no longer in force, or that another finding goes before. */
function isKnownRevoked({ revocation }: Evidence): boolean {
  return [revocation, ...(revocation.issuers ?? [])].some(
    (each) => each.status === 'revoked' || (each.status === 'unavailable' && each.lastRevoked),
  )
}

/** Of a policy whose refusals are not enforced at `now`. */
export interface InShadow {
  readonly policy: string
  /** Enforced again from this instant on; `undefined` where the configuration has to say so. */
  readonly until: Date | undefined
}

export function isInShadow(policy: Policy, { shadowUntil }: Pick<Rules, 'shadowUntil'>, now: Date): boolean {
  // Where certificates are tried, there is nothing that could pass.
  return policy.channel !== 'try' && (policy.shadow || (shadowUntil !== undefined && now < shadowUntil))
}

export function policiesInShadow(rules: Rules, now: Date): readonly InShadow[] {
  return [...rules.policies.values()]
    .filter((policy) => isInShadow(policy, rules, now))
    .map(({ name, shadow }) => ({ policy: name, until: shadow ? undefined : rules.shadowUntil }))
}
