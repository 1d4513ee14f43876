import type { SdsStatistics } from '../envoy/sds_service.ts'
import type { Metrics } from './metrics.ts'

/** Shows at each scrape what Envoy's trust store holds, and what Envoys made of it. */
export function measureTruststore(metrics: Metrics, sds: { readonly statistics: SdsStatistics }): void {
  let [version, changes] = [undefined as string | undefined, 0]
  metrics.onScrape(() => {
    const { statistics } = sds
    if (statistics.version !== version) changes += 1
    version = statistics.version
    metrics.set('truststore_authorities', {}, statistics.authorities)
    metrics.set('truststore_version', {}, changes)
    metrics.set('sds_streams', {}, statistics.streams)
    metrics.countUpTo('sds_responses_total', { result: 'sent' }, statistics.sent)
    metrics.countUpTo('sds_responses_total', { result: 'ack' }, statistics.acked)
    metrics.countUpTo('sds_responses_total', { result: 'nack' }, statistics.nacked)
  })
}
