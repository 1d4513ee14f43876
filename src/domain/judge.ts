import { rolesInForce } from './certificate.ts'
import { basic } from './checks/basic.ts'
import { certificatePresented } from './checks/certificate_presented.ts'
import { certificatePurpose } from './checks/certificate_purpose.ts'
import { certificateRegistered } from './checks/certificate_registered.ts'
import { certificateValidity } from './checks/certificate_validity.ts'
import type { Check } from './checks/check.ts'
import { devAppEnabled } from './checks/devapp_enabled.ts'
import { devAppSelected } from './checks/devapp_selected.ts'
import { productSelected } from './checks/product.ts'
import { psd2Authorised, psd2Roles, qwac } from './checks/psd2.ts'
import { notRevoked } from './checks/revocation.ts'
import { signed } from './checks/signature.ts'
import type { Allow, Decision, Deny, Shadowed } from './decision.ts'
import type { Evidence } from './evidence.ts'
import { enforcedInShadow } from './shadow.ts'

/**
 * In order: who holds the key, whether the issuer still vouches for it, who calls, what that caller may do, and whether the request
 * is the caller's own. The last one leaves a trace, so that what is refused anyhow never gets there.
 */
const checks = [
  { name: 'certificate_presented', check: certificatePresented },
  { name: 'certificate_validity', check: certificateValidity },
  { name: 'certificate_purpose', check: certificatePurpose },
  { name: 'certificate_registered', check: certificateRegistered },
  { name: 'revocation', check: notRevoked },
  { name: 'basic', check: basic },
  { name: 'devapp_selected', check: devAppSelected },
  { name: 'devapp_enabled', check: devAppEnabled },
  { name: 'product_selected', check: productSelected },
  { name: 'qwac', check: qwac },
  { name: 'psd2_roles', check: psd2Roles },
  { name: 'psd2_authorised', check: psd2Authorised },
  { name: 'signature', check: signed },
] as const satisfies readonly { readonly name: string; readonly check: Check }[]

export type CheckName = (typeof checks)[number]['name']
/** In the table's order. */
export const checkNames: readonly CheckName[] = checks.map(({ name }) => name)

/** What one check says by itself, whatever those before it said. */
export interface CheckOutcome {
  readonly name: CheckName
  readonly denial: Deny | undefined
}

/** The decision that the evidence supports: the first refusal in the table's order, and allow when there is none. */
export function judge(evidence: Evidence): Decision {
  return refusal(evidence) ?? allow(evidence)
}

/** In shadow mode every check is asked, since one that is always enforced may come after one that is not. */
function refusal(evidence: Evidence): Deny | Shadowed | undefined {
  if (!evidence.shadow) return firstDenial(evidence)
  const denials = checks.flatMap(({ check }) => check(evidence) ?? [])
  const [denial] = denials
  return denial && (enforcedInShadow(denials, evidence) ?? { kind: 'shadowed', denial })
}

/** What every check says of the evidence, in the table's order: the first refusal is the decision that `judge` takes. */
export function examine(evidence: Evidence): readonly CheckOutcome[] {
  return checks.map(({ name, check }) => ({ name, denial: check(evidence) }))
}

/** Whether the evidence is refused whatever its signature is. */
export function isRefusedUnsigned(evidence: Evidence): boolean {
  return checks.some(({ name, check }) => name !== 'signature' && check(evidence) !== undefined)
}

function firstDenial(evidence: Evidence): Deny | undefined {
  for (const { check } of checks) {
    const denial = check(evidence)
    if (denial !== undefined) return denial
  }
  return undefined
}

function allow({ identity: { selection, binding }, withdrawnRoles }: Evidence): Allow {
  const certificate = binding.status === 'registered' ? binding.certificate.leaf : undefined
  return {
    kind: 'allow',
    devApp: selection.status === 'selected' ? selection.devApp : undefined,
    certificate,
    psd2Roles: certificate === undefined ? [] : rolesInForce(certificate, withdrawnRoles),
  }
}
