import { authorize } from '../authorize.ts'
import { deny } from '../domain/decision.ts'
import { type Judgement, refused } from '../domain/judgement.ts'
import type { AuthRequest } from '../domain/request.ts'
import type { DecisionRecord } from '../ops/decision_record.ts'
import type { Ports } from '../ports.ts'
import { parseCheckRequest } from './check_request.ts'
import type { CheckRequestFields } from './check_request_fields.ts'
import type { CheckSettings } from './check_settings.ts'
import type { UnaryHandler } from './check_stream.ts'
import { decisionRecord } from './decision_record.ts'
import { PreparedAnswers } from './prepared_answers.ts'
import type { PresentedCertificates } from './presented_certificates.ts'

export interface CheckServiceOptions {
  /** Read anew for each request, so that a reload is in force for the next one. */
  readonly settings: () => CheckSettings
  readonly ports: Ports
  readonly certificates: Pick<PresentedCertificates, 'read'>
  readonly onDecision: (record: DecisionRecord, request: AuthRequest | undefined) => void
}

/** Answers with a `CheckResponse` in bytes. */
export type Check = UnaryHandler<CheckRequestFields, Buffer>

/**
 * `Authorization/Check`. Always answers with a decision and never with a gRPC error: what is unexpected is denied as
 * `internal_error`, what takes longer than the deadline as `deadline_exceeded`.
 */
export function checkService(
  options: CheckServiceOptions,
): (call: Pick<Parameters<Check>[0], 'request'>, callback: Parameters<Check>[1]) => void {
  const answers = new PreparedAnswers()
  return (call, callback) => {
    const startedAt = performance.now()
    const settings = options.settings()
    let request: AuthRequest | undefined

    const answer = (judgement: Judgement): void => {
      const channel = settings.policies.get(request?.policy ?? '')?.channel
      const record = decisionRecord(request, judgement, { channel, ms: performance.now() - startedAt })
      callback(null, answers.bytesOf(request, judgement, settings))
      options.onDecision(record, request)
    }
    const fail = (error: unknown): void =>
      answer(
        refused(
          deny('internal_error', { detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
        ),
      )

    try {
      const parsed = parseCheckRequest(call.request, options.certificates)
      if ('kind' in parsed) return answer(refused(parsed))
      request = parsed
      const judgement = authorize(request, settings, options.ports)
      if (judgement instanceof Promise) withDeadline(judgement, settings.deadlineMs).then(answer, fail)
      else answer(judgement)
    } catch (error) {
      fail(error)
    }
  }
}

async function withDeadline(judgement: Promise<Judgement>, deadlineMs: number): Promise<Judgement> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Judgement>((resolve) => {
    timer = setTimeout(
      () => resolve(refused(deny('deadline_exceeded', { detail: `deadline=${deadlineMs}ms` }))),
      deadlineMs,
    )
  })
  try {
    return await Promise.race([judgement, late])
  } finally {
    clearTimeout(timer)
  }
}
