import { hostname } from 'node:os'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { Config } from '../config/config.ts'
import type { Logger } from '../ops/log.ts'
import { DroppedSpansNotice } from './dropped_spans.ts'
import { type DroppedSpans, SpanQueue } from './span_queue.ts'
import { Tracing } from './tracing.ts'

/** The longest that a span waits for others to be sent with. */
const delayMs = 2_000
/** For one batch, with what is tried again: what is held at the end is sent, or given up, within this time. */
const sendMs = 3_000

/** Tracing as configured: spans go to the endpoint by OTLP over HTTP, in protobuf. Only who traces imports this file. */
export function openTracing(
  tracing: NonNullable<Config['tracing']>,
  { log, onDropped }: { readonly log: Logger; readonly onDropped: (dropped: DroppedSpans) => void },
): Tracing {
  const notice = new DroppedSpansNotice(log, () => performance.now())
  const { endpoint, headers, service_name: name, queue } = tracing
  const exporter = new OTLPTraceExporter({ url: endpoint.href, headers, timeoutMillis: sendMs, keepAlive: true })
  return new Tracing({
    spans: new SpanQueue({
      ...{ exporter, maxSpans: queue, delayMs },
      onDropped: (dropped) => {
        onDropped(dropped)
        notice.add(dropped)
      },
    }),
    resource: { 'service.name': name, 'host.name': hostname(), 'process.pid': process.pid },
    sampleRatio: tracing.sample_ratio,
    trustClients: tracing.trust_clients,
  })
}
