import { deny } from '../decision.ts'
import type { Check } from './check.ts'

export const clientKeyHeader = 'x-client-key'

/** All credentials belong to one DevApp, and which one is said where a certificate serves several. */
export const devAppSelected: Check = ({ identity: { selection }, policy }) => {
  if (policy.require.size === 0) return undefined
  switch (selection.status) {
    case 'selected':
      return undefined
    case 'ambiguous':
      return deny('devapp_ambiguous', { header: clientKeyHeader })
    case 'mismatch':
    case 'none':
      return deny('devapp_mismatch')
  }
}
