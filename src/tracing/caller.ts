import { type Context, type Link, ROOT_CONTEXT, type SpanContext, type TextMapGetter, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type { Check } from '../envoy/check_service.ts'

/** A Check as it came. */
export type CheckCall = Parameters<Check>[0]
type Metadata = CheckCall['metadata']

/** What a Check's span hangs on: in `parent`, the span that it is part of; `links`, those that it only refers to. */
export interface Caller {
  readonly parent: Context
  readonly links: readonly Link[]
}

const propagator = new W3CTraceContextPropagator()

/**
 * The trace context (W3C Trace Context) that a Check came with. The one in the gRPC metadata is Envoy's own span. The one among the
 * request's headers is whatever the client sent, whose word on sampling is taken only where `trustClients` says that somebody
 * trustworthy wrote it: a stranger's is linked to, so that both sides find each other, and decides nothing.
 */
export function callerOf({ request, metadata }: CheckCall, trustClients: boolean): Caller {
  const ofEnvoy = propagator.extract(ROOT_CONTEXT, metadata, fromMetadata)
  if (trace.getSpanContext(ofEnvoy) !== undefined) return { parent: ofEnvoy, links: [] }
  const headers = request.attributes?.request?.http?.headers ?? {}
  const ofClient = propagator.extract(ROOT_CONTEXT, headers, fromHeaders)
  const sent = trace.getSpanContext(ofClient)
  if (sent === undefined || trustClients) return { parent: ofClient, links: [] }
  return { parent: ROOT_CONTEXT, links: [{ context: withoutState(sent) }] }
}

/** `tracestate` is up to 32 entries of anything. */
function withoutState({ traceId, spanId, traceFlags }: SpanContext): SpanContext {
  return { traceId, spanId, traceFlags, isRemote: true }
}

const fromMetadata: TextMapGetter<Metadata> = {
  get: (metadata, name) => metadata.get(name).map(String),
  keys: () => [],
}

const fromHeaders: TextMapGetter<Readonly<Record<string, string>>> = {
  get: (headers, name) => headers[name],
  keys: () => [],
}
