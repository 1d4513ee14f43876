import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace'

/** Spans that nobody will see. */
export interface DroppedSpans {
  readonly spans: number
  /** `queue_full`: more came than could be sent; `export_failed`: the receiver did not take them. */
  readonly reason: 'queue_full' | 'export_failed'
  /** What the receiver said, or why it could not be reached. */
  readonly cause: string | undefined
}

export interface SpanQueueOptions {
  readonly exporter: SpanExporter
  /** The spans that wait, those being sent included. */
  readonly maxSpans: number
  /** The longest that a span waits for others to be sent with. */
  readonly delayMs: number
  readonly onDropped: (dropped: DroppedSpans) => void
}

const maxBatch = 512

/** Above what the exporter itself allows for sending, which is what counts. */
const exportTimeoutMs = 30_000

/** Finished spans on their way to the exporter, in batches and in the background. What does not fit is dropped, and nobody waits. */
export class SpanQueue implements SpanProcessor {
  readonly #options: SpanQueueOptions
  readonly #batches: BatchSpanProcessor
  #held = 0

  constructor(options: SpanQueueOptions) {
    const { maxSpans, delayMs } = options
    this.#options = options
    this.#batches = new BatchSpanProcessor({
      ...{ exporter: this.#counting(options.exporter), maxQueueSize: maxSpans, scheduledDelayMillis: delayMs },
      ...{ maxExportBatchSize: Math.min(maxBatch, maxSpans), exportTimeoutMillis: exportTimeoutMs },
    })
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    // Counted here, since the batches say nothing of what they drop.
    if (this.#held >= this.#options.maxSpans) {
      this.#options.onDropped({ spans: 1, reason: 'queue_full', cause: undefined })
      return
    }
    this.#held++
    this.#batches.onEnd(span)
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush()
  }

  /** Sends what is held, and takes no more. */
  shutdown(): Promise<void> {
    return this.#batches.shutdown()
  }

  #counting(exporter: SpanExporter): SpanExporter {
    const finished = (spans: number, { code, error }: ExportResult): void => {
      this.#held -= spans
      if (code === ExportResultCode.SUCCESS) return
      this.#options.onDropped({ spans, reason: 'export_failed', cause: error?.message })
    }
    return {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          finished(spans.length, result)
          done({ code: ExportResultCode.SUCCESS })
        }),
      shutdown: () => exporter.shutdown(),
      forceFlush: async () => exporter.forceFlush?.(),
    }
  }
}
