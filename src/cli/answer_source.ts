import type { AdminClient } from '../admin/admin_client.ts'
import { askAnswer, askPurge, askStatus } from '../admin/ocsp_client.ts'
import type { AnswerDocument, EntryDocument, PurgeDocument } from '../admin/ocsp_documents.ts'
import type { PurgeSelection } from '../revocation/control.ts'

/** Where remembered answers are seen and purged: a running service, or the Redis that the fleet shares. */
export interface AnswerSource {
  readonly name: string
  /** The registered leaves, and the CAs that are asked about with them. */
  certificates(): Promise<readonly Pick<EntryDocument, 'sha256' | 'serialNumber'>[]>
  /** By the SHA-256 of the certificate; `undefined` where it is not registered. */
  get(sha256: string): Promise<AnswerDocument | undefined>
  purge(selection: PurgeSelection): Promise<PurgeDocument>
  close(): void
}

export function runningService(service: AdminClient): AnswerSource {
  return {
    name: `the service on ${service.address}`,
    certificates: async () => (await askStatus(service)).entries,
    get: (sha256) => askAnswer(service, sha256),
    purge: (selection) => askPurge(service, selection),
    close: () => {},
  }
}
