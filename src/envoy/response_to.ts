import type { Judgement } from '../domain/judgement.ts'
import type { AuthRequest } from '../domain/request.ts'
import { checkResponse } from './check_response.ts'
import type { CheckSettings } from './check_settings.ts'
import type { CheckResponse } from './generated/envoy/service/auth/v3/CheckResponse.ts'

/** What Envoy is told of a judgement about `request`, which is `undefined` where it could not be read. */
export function responseTo(
  request: AuthRequest | undefined,
  { decision, evidence }: Judgement,
  { policies, hostnames, typeBase }: Pick<CheckSettings, 'policies' | 'hostnames' | 'typeBase'>,
): CheckResponse {
  const selection = evidence?.identity.selection
  return checkResponse(decision, {
    requestId: request?.id ?? '',
    policy: request?.policy === undefined ? undefined : policies.get(request.policy),
    devApp: selection?.status === 'selected' ? selection.devApp.id : undefined,
    typeBase,
    apiHostname: hostnames.advertised('mtls'),
    wantsJson: request?.wantsJson ?? false,
  })
}
