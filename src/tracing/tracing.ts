import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  ParentBasedSampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Check } from '../envoy/check_service.ts'
import type { DecisionRecord } from '../ops/decision_record.ts'
import type { GivenCommand } from '../redis/redis_connection.ts'
import type { RegistryRead } from '../registry/store.ts'
import type { RejectionObserver } from '../revocation/known_answers.ts'
import type { FetchObserver } from '../revocation/responder.ts'
import { type CheckCall, callerOf } from './caller.ts'

/** Above every honest serial number and request id. */
const maxValueLength = 256

export interface TracingParts {
  /** Where finished spans go. */
  readonly spans: SpanProcessor
  readonly resource: Attributes
  /** Of the traces that begin here; of another one's, whoever began it decides. */
  readonly sampleRatio: number
  /** Whether a `traceparent` among a request's headers is the parent, and not only linked to. */
  readonly trustClients: boolean
}

/** What the parts tell once something is done: how long it took until now. */
interface Done {
  readonly name: string
  readonly kind: SpanKind
  readonly attributes: Attributes
  readonly durationMs: number
  readonly failed: boolean
}

/**
 * A span for each Check that is sampled, and below it one for each thing that it waited for. The parts know nothing of it: they
 * tell their observers what they did, and the asynchronous context in which they tell it says for which Check.
 */
export class Tracing {
  readonly #provider: TracerProvider
  readonly #tracer: Tracer
  readonly #trustClients: boolean
  readonly #checks = new AsyncLocalStorage<Span>()

  constructor({ spans, resource, sampleRatio, trustClients }: TracingParts) {
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes(resource),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [spans],
      spanLimits: { attributeValueLengthLimit: maxValueLength },
    })
    this.#tracer = this.#provider.getTracer('devapp-authz')
    this.#trustClients = trustClients
  }

  /** The same Check, with a span around it, which `decided` ends. */
  around(check: Check): (call: CheckCall, callback: Parameters<Check>[1]) => void {
    return (call, callback) => {
      const { parent, links } = callerOf(call, this.#trustClients)
      const span = this.#tracer.startSpan(
        'Check',
        { kind: SpanKind.SERVER, attributes: rpcAttributes, links: [...links] },
        parent,
      )
      if (span.isRecording()) this.#checks.run(span, check, call, callback)
      else check(call, callback)
    }
  }

  /** What the Check at hand was decided to be: the end of its span. */
  decided(record: DecisionRecord): void {
    const span = this.#checks.getStore()
    if (span === undefined) return
    span.setAttributes(attributesOf(record))
    // A refusal is what the service is for; these two are its own faults.
    if (record.code === 'internal_error' || record.code === 'deadline_exceeded') {
      span.setStatus({ code: SpanStatusCode.ERROR, message: record.code })
    }
    span.end()
  }

  /** A responder was asked: for a Check, or ahead of time in a trace of its own. */
  fetched({ responder, outcome, httpStatus, durationMs }: Parameters<FetchObserver['onFetch']>[0]): void {
    const attributes = {
      'devapp_authz.responder': responder,
      'devapp_authz.outcome': outcome,
      'http.response.status_code': httpStatus,
    }
    const failed = outcome !== 'answered'
    this.#finish({ name: 'OCSP', kind: SpanKind.CLIENT, attributes, durationMs, failed })
  }

  /** An answer for the Check at hand did not verify. */
  rejected({ tier, code }: Parameters<RejectionObserver['onRejected']>[0]): void {
    this.#checks.getStore()?.addEvent('answer rejected', { 'devapp_authz.tier': tier, 'devapp_authz.rejection': code })
  }

  /** Redis was given a command. Those that belong to no Check are too many for traces of their own. */
  commanded({ name, outcome, durationMs }: GivenCommand): void {
    if (this.#checks.getStore() === undefined) return
    const attributes = {
      'db.system.name': 'redis',
      'db.query.summary': name,
      'devapp_authz.outcome': outcome,
    }
    const failed = outcome !== 'replied'
    this.#finish({ name: `redis ${name}`, kind: SpanKind.CLIENT, attributes, durationMs, failed })
  }

  /** PostgreSQL was read: no request waits for that, so it is a trace of its own. */
  registryRead({ outcome, durationMs }: RegistryRead): void {
    const attributes = { 'db.system.name': 'postgresql', 'devapp_authz.outcome': outcome }
    const failed = outcome === 'failed'
    this.#finish({ name: 'postgresql registry', kind: SpanKind.CLIENT, attributes, durationMs, failed })
  }

  /** Sends what is held, waiting for that at most so long. Never rejects. */
  async stop(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs)
    })
    await Promise.race([this.#provider.shutdown().catch(() => {}), late])
    clearTimeout(timer)
  }

  #finish({ name, kind, attributes, durationMs, failed }: Done): void {
    const check = this.#checks.getStore()
    const endTime = performance.timeOrigin + performance.now()
    const parent = check === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, check)
    const span = this.#tracer.startSpan(name, { kind, attributes, startTime: endTime - durationMs }, parent)
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(endTime)
  }
}

const rpcAttributes: Attributes = {
  'rpc.system': 'grpc',
  'rpc.service': 'envoy.service.auth.v3.Authorization',
  'rpc.method': 'Check',
}

/** What the log has of a decision, but for the detail, which is for its readers alone. */
function attributesOf({ ms, detail, ...record }: DecisionRecord): Attributes {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`devapp_authz.${name}`, value]))
}
