import type { ConsoleAccess } from '../admin/console_access.ts'
import { json } from '../http/route.ts'
import { openApi } from './open_api.ts'
import { describe, type Operation } from './operation.ts'
import { sessionOperations } from './session_operations.ts'

export const openApiPath = '/api/v1/openapi.json'

/** The API as one port serves it: these operations, the session, and the document that describes them all. */
export function apiOf(
  operations: readonly Operation[],
  { version, access }: { readonly version: string; readonly access: ConsoleAccess | undefined },
): readonly Operation[] {
  const document = describe(
    { method: 'GET', path: openApiPath, answer: () => json(described) },
    {
      ...{ id: 'getOpenApi', tag: 'API', summary: 'This description of the API, in OpenAPI 3.1.' },
      answers: { contentType: 'application/json', words: 'An OpenAPI document.' },
    },
  )
  const all = [...operations, ...sessionOperations(access), document]
  const described = openApi(all, { version, secured: access !== undefined })
  return all
}

/** Those that change nothing. */
export const readOnly = (operations: readonly Operation[]): readonly Operation[] =>
  operations.filter(({ described }) => !described.writes)
