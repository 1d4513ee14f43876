import { isQwac, type Psd2Role, rolesInForce } from '../certificate.ts'
import { deny } from '../decision.ts'
import type { Psd2Policy } from '../policy.ts'
import type { Check } from './check.ts'

/** A QWAC, where the policy requires one, from a trust service provider that the operator accepts. */
export const qwac: Check = ({ identity: { binding }, policy: { psd2 }, qtspAccepted }) => {
  if (psd2?.qwac !== 'required') return undefined
  if (binding.status !== 'registered' || !isQwac(binding.certificate.leaf)) return deny('qwac_required')
  return qtspAccepted ? undefined : deny('qtsp_not_trusted', { detail: `issuer=${binding.certificate.leaf.issuer}` })
}

/** The PSD2 roles of the registered leaf, by OID (ETSI TS 119 495 5.1): all that the policy names, or any of them. */
export const psd2Roles: Check = ({ identity: { binding }, policy: { psd2 } }) => {
  if (psd2 === undefined) return undefined
  const held = binding.status === 'registered' ? (binding.certificate.leaf.qcStatements?.psd2?.roles ?? []) : []
  if (suffices(held, psd2)) return undefined
  const missing = psd2.roles.filter((role) => !held.includes(role))
  return deny('psd2_role_missing', {
    roles: missing.join(psd2.match === 'any' ? ' or ' : ', '),
    detail: `held=${held.join(',') || 'none'}`,
  })
}

/**
 * The roles that the policy asks for are still held once the withdrawn ones are taken away. An organization that has no
 * role left is refused by a policy that asks for a QWAC alone, too.
 */
export const psd2Authorised: Check = ({ identity: { binding }, policy: { psd2 }, withdrawnRoles }) => {
  if (psd2 === undefined || withdrawnRoles.size === 0 || binding.status !== 'registered') return undefined
  const left = rolesInForce(binding.certificate.leaf, withdrawnRoles)
  if (left.length > 0 && suffices(left, psd2)) return undefined
  const { organizationIdentifier } = binding.certificate.leaf
  return deny('psd2_authorisation_withdrawn', {
    detail: `organizationIdentifier=${organizationIdentifier} withdrawn=${[...withdrawnRoles].join(',')} left=${left.join(',') || 'none'}`,
  })
}

function suffices(roles: readonly Psd2Role[], { roles: needed, match }: Psd2Policy): boolean {
  if (needed.length === 0) return true
  return match === 'any' ? needed.some((role) => roles.includes(role)) : needed.every((role) => roles.includes(role))
}
