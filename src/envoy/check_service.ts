import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import { authorize } from '../authorize.ts'
import { deny } from '../domain/decision.ts'
import { type Judgement, refused } from '../domain/judgement.ts'
import type { AuthRequest } from '../domain/request.ts'
import type { DecisionRecord } from '../ops/decision_record.ts'
import type { Ports } from '../ports.ts'
import { type CertificateReader, parseCheckRequest } from './check_request.ts'
import type { CheckSettings } from './check_settings.ts'
import { decisionRecord } from './decision_record.ts'
import type { CheckRequest__Output } from './generated/envoy/service/auth/v3/CheckRequest.ts'
import type { CheckResponse } from './generated/envoy/service/auth/v3/CheckResponse.ts'
import { responseTo } from './response_to.ts'

export interface CheckServiceOptions {
  /** Read anew for each request, so that a reload is in force for the next one. */
  readonly settings: () => CheckSettings
  readonly ports: Ports
  readonly readCertificate: CertificateReader
  readonly onDecision: (record: DecisionRecord, request: AuthRequest | undefined) => void
}

export type Check = (
  call: Pick<ServerUnaryCall<CheckRequest__Output, CheckResponse>, 'request'>,
  callback: sendUnaryData<CheckResponse>,
) => void

/**
 * `Authorization/Check`. Always answers with a decision and never with a gRPC error: what is unexpected is denied as
 * `internal_error`, what takes longer than the deadline as `deadline_exceeded`.
 */
export function checkService(options: CheckServiceOptions): Check {
  return (call, callback) => {
    const startedAt = performance.now()
    const settings = options.settings()
    let request: AuthRequest | undefined

    const answer = (judgement: Judgement): void => {
      const channel = settings.policies.get(request?.policy ?? '')?.channel
      const record = decisionRecord(request, judgement, { channel, ms: performance.now() - startedAt })
      callback(null, responseTo(request, judgement, settings))
      options.onDecision(record, request)
    }
    const fail = (error: unknown): void =>
      answer(
        refused(
          deny('internal_error', { detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
        ),
      )

    try {
      const parsed = parseCheckRequest(call.request, options.readCertificate)
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
