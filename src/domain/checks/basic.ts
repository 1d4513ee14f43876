import { type Deny, deny } from '../decision.ts'
import type { Evidence } from '../evidence.ts'
import { afterMs } from '../retry_after.ts'
import type { Check } from './check.ts'

/** The ClientSecret is the DevApp's. An unknown ClientKey and a wrong secret are one answer, locked or not. */
export const basic: Check = (evidence) => {
  const { request, policy } = evidence
  if (policy.require.has('basic')) return required(evidence)
  return request.basic.status === 'repeated'
    ? deny('request_malformed', { detail: 'several Authorization values' })
    : undefined
}

function required({ request: { basic: header }, secretVerified, secretLock }: Evidence): Deny | undefined {
  switch (header.status) {
    case 'absent':
    case 'other_scheme':
      return deny('basic_missing')
    case 'repeated':
      return deny('basic_malformed', { detail: 'several Authorization values' })
    case 'malformed':
      return deny('basic_malformed', { detail: header.cause })
    case 'presented':
      if (secretLock !== undefined) {
        const { retryAfter, retryAfterSeconds } = afterMs(secretLock.retryAfterMs)
        return { ...deny('too_many_attempts', { retryAfter, detail: `by=${secretLock.by}` }), retryAfterSeconds }
      }
      return secretVerified ? undefined : deny('basic_invalid')
  }
}
