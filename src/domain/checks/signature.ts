import { type Deny, deny } from '../decision.ts'
import type { Evidence } from '../evidence.ts'
import type { SignatureStatus } from '../signature.ts'
import type { Check } from './check.ts'

/** The request is signed with one of the DevApp's keys, and its signature was not used before. */
export const signed: Check = ({ policy, signature }) =>
  policy.require.has('signature') ? denialOf(signature) : undefined

/** Why an allowed request passed although its signature may have been used before; `undefined` where that was found out. */
export function replayWaiverOf({ signature }: Evidence): 'replay_unavailable' | undefined {
  return signature.status === 'verified' && signature.replayUnknown !== undefined ? 'replay_unavailable' : undefined
}

function denialOf(signature: SignatureStatus): Deny | undefined {
  switch (signature.status) {
    case 'verified':
      return undefined
    case 'missing':
      return deny('signature_missing')
    case 'malformed':
      return deny('signature_malformed', { detail: signature.cause })
    case 'incomplete':
      return deny('signature_incomplete', { components: signature.components.join(', ') })
    case 'expired':
      return deny('signature_expired', { detail: signature.cause })
    case 'invalid':
      return deny('signature_invalid', { detail: signature.cause })
    case 'replayed':
      return deny('signature_replayed', { detail: `key=${signature.keyId}` })
    case 'replay_unknown':
      return deny('replay_unavailable', { detail: signature.cause })
    case 'body_too_large':
      return deny('body_too_large', { limit: bytesText(signature.limitBytes) })
    case 'body_not_sent':
      return deny('internal_error', {
        detail: 'Envoy sent no body: with_request_body is missing, or off for this route',
      })
    case 'not_asked':
      return deny('signature_invalid', { detail: 'not verified: another check refuses' })
  }
}

function bytesText(bytes: number): string {
  if (bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MiB`
  return bytes % 1_024 === 0 ? `${bytes / 1_024} KiB` : `${bytes} bytes`
}
