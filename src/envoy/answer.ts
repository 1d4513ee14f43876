import type { Answer } from '../explain/explanation.ts'
import type { CheckResponse } from './generated/envoy/service/auth/v3/CheckResponse.ts'

/** What Envoy makes of a `CheckResponse`: the whole answer of a refusal, or what becomes of an allowed request's headers. */
export function answerOf({ denied_response: denied, ok_response: ok }: CheckResponse): Answer {
  const headers = (denied ?? ok)?.headers ?? []
  return {
    status: typeof denied?.status?.code === 'number' ? denied.status.code : null,
    headers: Object.fromEntries(headers.map(({ header }) => [header?.key ?? '', String(header?.value ?? '')])),
    removed: ok?.headers_to_remove ?? [],
    body: denied?.body ?? null,
  }
}
