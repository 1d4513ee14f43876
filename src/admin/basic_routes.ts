import type { DevApp } from '../domain/devapp.ts'
import { json, problem, type Route } from '../http/route.ts'
import type { Lockouts } from '../lockout/lockouts.ts'
import { clientKeyHashOf } from '../lockout/subject.ts'
import type { Clock } from '../ports.ts'
import { documentOfLockouts, unlockRequest } from './basic_documents.ts'

export interface BasicRoutesParts {
  readonly lockouts: Lockouts
  /** Those in force. */
  readonly devApps: () => readonly DevApp[]
  readonly clock: Clock
}

/** Who is locked out of HTTP Basic, and the lifting of locks. */
export function basicRoutes({ lockouts, devApps, clock }: BasicRoutesParts): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/basic/lockouts',
      answer: () => {
        const wanted = new Set(lockouts.locks(clock()).map(({ subject }) => subject.clientKeyHash))
        // Looked through where an operator asks, and kept by nobody.
        const owners = new Map(
          wanted.size === 0 ? [] : devApps().map(({ id, clientKey }) => [clientKeyHashOf(clientKey), id] as const),
        )
        return json(documentOfLockouts(lockouts, (hash) => owners.get(hash), clock()))
      },
    },
    {
      method: 'POST',
      path: '/api/v1/basic/unlock',
      answer: async ({ body }) => {
        const selection = unlockRequest.safeParse(body)
        if (!selection.success) return problem(400, selection.error.issues.map(({ message }) => message).join('; '))
        return json(await lockouts.lift(selection.data, clock()))
      },
    },
  ]
}
