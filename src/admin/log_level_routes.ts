import { json, problem, type Route } from '../http/route.ts'
import type { RunningLogLevel } from '../ops/log_level.ts'
import { documentOfLogLevel, logLevelExpected, logLevelRequest } from './log_level_documents.ts'

/** The level of the log: what it is, and another one for a while. */
export function logLevelRoutes(level: RunningLogLevel): readonly Route[] {
  return [
    { method: 'GET', path: '/api/v1/log-level', answer: () => json(documentOfLogLevel(level.inForce)) },
    {
      method: 'POST',
      path: '/api/v1/log-level',
      answer: ({ body }) => {
        const asked = logLevelRequest.safeParse(body)
        if (!asked.success) return problem(400, logLevelExpected)
        return json(documentOfLogLevel(level.set(asked.data.level, asked.data.for)))
      },
    },
  ]
}
