import { z } from 'zod'
import type { ConsoleAccess } from '../admin/console_access.ts'
import { json } from '../http/route.ts'
import { type Operation, operation, otherOperation } from './operation.ts'

export const sessionDocument = z
  .object({
    /** Whether a token protects this port. */
    required: z.boolean(),
    signedIn: z.boolean(),
  })
  .meta({ title: 'Session' })
export type SessionDocument = z.output<typeof sessionDocument>

const signInRequest = z.strictObject({ token: z.string().min(1).max(1_024) }).meta({ title: 'SignIn' })

const tag = 'Session'
export const sessionPath = '/api/v1/session'

/** Whether the token was shown, and showing it. Without `access` nobody is asked for one. */
export function sessionOperations(access: ConsoleAccess | undefined): readonly Operation[] {
  const state = operation({
    ...{ method: 'GET', path: sessionPath, id: 'getSession', tag },
    summary: 'Whether a token is asked for here, and whether this browser has signed in with it.',
    document: sessionDocument,
    answer: ({ headers }) => ({
      required: access !== undefined,
      signedIn: access === undefined || access.isSignedIn(headers.cookie),
    }),
  })
  if (access === undefined) return [state]
  const words = 'The session, with a cookie that a browser keeps for twelve hours.'
  return [
    state,
    otherOperation({
      ...{ method: 'POST', path: sessionPath, id: 'signIn', tag },
      summary: 'Signs a browser in.',
      ...{ contentType: 'application/json', words, body: signInRequest, problems: [401, 429] },
      answer: ({ body, source }) => {
        const signedIn = access.signIn(body.token, source)
        if ('refused' in signedIn) return signedIn.refused
        return { ...json({ required: true, signedIn: true }), headers: { 'set-cookie': signedIn.cookie } }
      },
    }),
    otherOperation({
      ...{ method: 'POST', path: `${sessionPath}/end`, id: 'signOut', tag },
      summary: 'Signs a browser out.',
      ...{ contentType: 'application/json', words: 'The session, which is over.' },
      answer: () => ({
        ...json({ required: true, signedIn: false }),
        headers: { 'set-cookie': access.signOut() },
      }),
    }),
  ]
}
