import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metrics } from './metrics.ts'

const resolutionMs = 10

/** Measures how late timers fire, anew from each scrape to the next. Returns what ends it. */
export function measureEventLoop(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const secondsLate = (ns: number): number => Math.max(0, ns / 1e9 - resolutionMs / 1_000)
  metrics.onScrape(() => {
    metrics.set('event_loop_delay_seconds', { quantile: '0.5' }, secondsLate(delay.percentile(50)))
    metrics.set('event_loop_delay_seconds', { quantile: '0.99' }, secondsLate(delay.percentile(99)))
    metrics.set('event_loop_delay_seconds', { quantile: '1' }, secondsLate(delay.max))
    delay.reset()
  })
  return () => delay.disable()
}
