import { json, problem, type Route } from '../http/route.ts'
import type { Readiness } from '../ops/readiness.ts'

/**
 * `/livez`: the process answers, which no responder, database or Redis has a part in. `/readyz`: it can decide; otherwise 503, with
 * what is missing.
 */
export function healthRoutes(readiness: Pick<Readiness, 'missing'>): readonly Route[] {
  return [
    { method: 'GET', path: '/livez', answer: () => json({ live: true }) },
    {
      method: 'GET',
      path: '/readyz',
      answer: () => {
        const { missing } = readiness
        return missing.length === 0 ? json({ ready: true }) : problem(503, missing.join('; '))
      },
    },
  ]
}
