import type { PurgeSelection, WarmOutcome, WarmProgress } from '../revocation/control.ts'
import { type AdminClient, AdminError } from './admin_client.ts'
import {
  type AnswerDocument,
  answerDocument,
  type PurgeDocument,
  purgeDocument,
  type StatusDocument,
  statusDocument,
  warmLine,
} from './ocsp_documents.ts'

/** Every registered certificate, the most urgent first, and the counters. Rejects with an AdminError. */
export function askStatus(service: AdminClient): Promise<StatusDocument> {
  return service.ask({ method: 'GET', path: '/api/v1/ocsp' }, statusDocument)
}

/** One registered certificate, by the SHA-256 of the leaf; `undefined` where it is not registered. Rejects with an AdminError. */
export async function askAnswer(service: AdminClient, sha256: string): Promise<AnswerDocument | undefined> {
  try {
    return await service.ask({ method: 'GET', path: `/api/v1/ocsp/${sha256}` }, answerDocument)
  } catch (error) {
    if (error instanceof AdminError && error.status === 404) return undefined
    throw error
  }
}

/** Rejects with an AdminError. */
export function askPurge(service: AdminClient, selection: PurgeSelection): Promise<PurgeDocument> {
  return service.ask({ method: 'POST', path: '/api/v1/ocsp/purge', body: selection }, purgeDocument)
}

/** Resolves when every certificate was asked about. Rejects with an AdminError. */
export async function askWarm(
  service: AdminClient,
  onProgress: (progress: WarmProgress) => void,
): Promise<WarmOutcome> {
  for await (const line of service.lines({ method: 'POST', path: '/api/v1/ocsp/warm' }, warmLine)) {
    if (line.done) return { asked: line.asked, answered: line.answered, failed: line.failed }
    onProgress({ of: line.of, asked: line.asked, answered: line.answered, failed: line.failed })
  }
  throw new AdminError(`the answer of ${service.address} ended before the result`)
}
