import { type Deny, deny } from '../decision.ts'
import type { Binding } from '../identify.ts'
import type { Check } from './check.ts'

/**
 * The presented leaf is a registered one, byte for byte: serial number and common name identify nobody alone, since another
 * CA, or the same one, can issue both again.
 */
export const certificateRegistered: Check = ({ identity: { binding }, policy }) =>
  policy.require.has('certificate') ? denialByBinding(binding) : undefined

function denialByBinding(binding: Binding): Deny | undefined {
  switch (binding.status) {
    case 'registered':
      return undefined
    case 'differs':
      return deny('cert_differs', { detail: `registered sha256=${binding.registered.sha256}` })
    case 'other_issuer':
      return deny('cert_issuer_mismatch', { detail: `registered issuer=${binding.registered.issuer}` })
    case 'unregistered':
    case 'not_presented':
      return deny('cert_not_registered')
  }
}
