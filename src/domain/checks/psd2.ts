import { isQwac } from '../certificate.ts'
import { deny } from '../decision.ts'
import type { Check } from './check.ts'

/** A QWAC, where the policy requires one, from a trust service provider that the operator accepts. */
export const qwac: Check = ({ identity: { binding }, policy: { psd2 }, qtspAccepted }) => {
  if (psd2?.qwac !== 'required') return undefined
  if (binding.status !== 'registered' || !isQwac(binding.certificate.leaf)) return deny('qwac_required')
  return qtspAccepted ? undefined : deny('qtsp_not_trusted', { detail: `issuer=${binding.certificate.leaf.issuer}` })
}

/** The PSD2 roles of the registered leaf, by OID (ETSI TS 119 495 5.1): all that the policy names, or any of them. */
export const psd2Roles: Check = ({ identity: { binding }, policy: { psd2 } }) => {
  if (psd2 === undefined || psd2.roles.length === 0) return undefined
  const held = binding.status === 'registered' ? (binding.certificate.leaf.qcStatements?.psd2?.roles ?? []) : []
  const missing = psd2.roles.filter((role) => !held.includes(role))
  const enough = psd2.match === 'any' ? missing.length < psd2.roles.length : missing.length === 0
  if (enough) return undefined
  return deny('psd2_role_missing', {
    roles: missing.join(psd2.match === 'any' ? ' or ' : ', '),
    detail: `held=${held.join(',') || 'none'}`,
  })
}
