import type { Readiness } from '../ops/readiness.ts'
import type { Clock } from '../ports.ts'
import type { ExpiryWatch } from '../registry/expiry_watch.ts'
import type { RegistrySnapshot } from '../registry/registry.ts'
import type { RegistrySource } from '../registry/store.ts'
import type { Metrics } from './metrics.ts'

interface RegistryMetricsParts {
  readonly registry: RegistrySource
  readonly expiry: Pick<ExpiryWatch, 'counts'>
  readonly readiness: Pick<Readiness, 'ready'>
  readonly clock: Clock
}

/** Shows at each scrape what is registered, how old that is, whose certificates end soon, and whether the process is ready. */
export function measureRegistry(metrics: Metrics, { registry, expiry, readiness, clock }: RegistryMetricsParts): void {
  let shown: RegistrySnapshot | undefined
  metrics.onScrape(() => {
    metrics.set('ready', {}, readiness.ready ? 1 : 0)
    const { asOf } = registry.freshness()
    if (asOf !== undefined)
      metrics.set('registry_age_seconds', {}, Math.max(0, clock().getTime() - asOf.getTime()) / 1_000)
    for (const [within, count] of Object.entries(expiry.counts ?? {}))
      metrics.set('certificates_expiring', { within }, count)
    const snapshot = registry.snapshot()
    // Going through all of them is for changes only.
    if (snapshot === undefined || snapshot === shown) return
    shown = snapshot
    countDevApps(metrics, snapshot)
  })
}

function countDevApps(metrics: Metrics, { devApps, leafCount }: RegistrySnapshot): void {
  const counts = new Map<string, number>()
  for (const { status, environment } of devApps)
    counts.set(`${status}/${environment}`, (counts.get(`${status}/${environment}`) ?? 0) + 1)
  for (const status of ['enabled', 'disabled'])
    for (const environment of ['production', 'staging'])
      metrics.set('registry_devapps', { status, environment }, counts.get(`${status}/${environment}`) ?? 0)
  metrics.set('registry_certificates', {}, leafCount)
}
