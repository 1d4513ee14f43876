import type { Route } from '../http/route.ts'
import type { Metrics } from './metrics.ts'

/** What Prometheus scrapes. */
export function metricsRoute(metrics: Metrics): Route {
  return {
    method: 'GET',
    path: '/metrics',
    answer: async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() }),
  }
}
