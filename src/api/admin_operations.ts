import { z } from 'zod'
import { lockoutsDocument, unlockedDocument, unlockRequest } from '../admin/basic_documents.ts'
import { logLevelDocument } from '../admin/log_level_documents.ts'
import { answerDocument, purgeDocument, purgeRequest, statusDocument } from '../admin/ocsp_documents.ts'
import type { Route } from '../http/route.ts'
import { logLevels } from '../ops/log.ts'
import { type Description, describe, type Operation } from './operation.ts'
import { count, instant } from './values.ts'

const shadowDocument = z.object({
  policies: z.array(z.object({ policy: z.string(), until: instant.nullable() })),
  would_deny: z.array(z.object({ policy: z.string(), code: z.string(), requests: count })),
})

/** What the schema takes, as it is written in JSON. */
const logLevelWritten = z.strictObject({
  level: z.enum(logLevels),
  for: z.string().regex(/^[1-9]\d{0,3}[sm]$/),
})

type Written = Omit<Description, 'query' | 'problems' | 'writes' | 'body'> & Partial<Description>

/** What the routes of the admin port say of themselves, by method and path. */
const descriptions: Readonly<Record<string, Written>> = {
  'GET /api/v1/ocsp': {
    ...{ id: 'getOcspStatus', tag: 'OCSP', answers: { document: statusDocument.meta({ title: 'OcspStatus' }) } },
    summary: 'Every registered certificate at once, the most urgent first, and the counters since the start.',
  },
  'GET /api/v1/ocsp/{sha256}': {
    ...{ id: 'getOcspAnswer', tag: 'OCSP', answers: { document: answerDocument.meta({ title: 'OcspAnswer' }) } },
    ...{ summary: 'One registered certificate, with the signed answer.', problems: [404] },
  },
  'POST /api/v1/ocsp/purge': {
    ...{ id: 'purgeOcsp', tag: 'OCSP', answers: { document: purgeDocument.meta({ title: 'Purged' }) } },
    ...{ summary: 'Makes the fleet forget answers.', writes: true, problems: [400] },
    body: purgeRequest.meta({ title: 'PurgeRequest' }),
  },
  'POST /api/v1/ocsp/warm': {
    ...{ id: 'warmOcsp', tag: 'OCSP', writes: true, summary: 'Asks about every registered certificate now.' },
    answers: {
      contentType: 'application/x-ndjson',
      words: 'A line in JSON for each step; the one that is done is the last.',
    },
  },
  'GET /api/v1/basic/lockouts': {
    ...{ id: 'getLockouts', tag: 'Basic', answers: { document: lockoutsDocument.meta({ title: 'Lockouts' }) } },
    summary: 'Who is locked out of HTTP Basic.',
  },
  'POST /api/v1/basic/unlock': {
    ...{ id: 'unlockBasic', tag: 'Basic', answers: { document: unlockedDocument.meta({ title: 'Unlocked' }) } },
    ...{ summary: 'Lifts locks of HTTP Basic.', writes: true, problems: [400] },
    body: unlockRequest.meta({ title: 'UnlockRequest' }),
  },
  'GET /api/v1/shadow': {
    ...{ id: 'getShadow', tag: 'Overview', answers: { document: shadowDocument.meta({ title: 'Shadow' }) } },
    summary: 'Which policies are in shadow mode, and what they would have refused since the start.',
  },
  'GET /api/v1/log-level': {
    ...{ id: 'getLogLevel', tag: 'Log', answers: { document: logLevelDocument.meta({ title: 'LogLevel' }) } },
    summary: 'The level of the log.',
  },
  'POST /api/v1/log-level': {
    ...{ id: 'setLogLevel', tag: 'Log', answers: { document: logLevelDocument.meta({ title: 'LogLevel' }) } },
    ...{ summary: 'Another level of the log, for a while.', writes: true, problems: [400] },
    body: logLevelWritten.meta({ title: 'LogLevelRequest' }),
  },
}

/** The admin port's own routes under /api/v1, described. Throws for one that has no description: each is documented. */
export function describedAdminRoutes(routes: readonly Route[]): readonly Operation[] {
  return routes.map((route) => {
    const description = descriptions[`${route.method} ${route.path}`]
    if (description === undefined) throw new Error(`${route.method} ${route.path} has no description`)
    return describe(route, description)
  })
}
