import { answerOrder, type SharedAnswer } from '../revocation/answer_cache.ts'
import type { RevocationEntry } from '../revocation/control.ts'
import { type VerificationRules, verdictOn } from '../revocation/inquiry.ts'
import { type Retention, usableUntil } from '../revocation/retention.ts'
import type { Subject } from '../revocation/subject.ts'

export interface SharedEntryRules extends VerificationRules {
  readonly retention: Retention
}

interface Judged {
  readonly entry: Omit<RevocationEntry, 'devApps'>
  /** The signed answer, where it is one about the certificate. */
  readonly der?: Uint8Array
}

/** What the fleet's shared answer says at `at`, judged as if a stranger had sent it: as the service judges it. */
export function judgeShared(
  read: Exclude<SharedAnswer, { status: 'failed' }>,
  subject: Subject,
  at: Date,
  rules: SharedEntryRules,
): Judged {
  const entry = entryWithoutAnswer(subject)
  const worthless = (cause: string): Judged => ({
    entry: { ...entry, status: 'unavailable', lastError: { at, cause } },
  })
  if (read.status === 'absent') return { entry }
  if (read.status === 'rubbish') return worthless(`unreadable ${read.stored.length} bytes`)
  const verdict = verdictOn(subject, read.der, at, rules)
  if (verdict.status === 'rejected') return worthless(`${verdict.code} ${verdict.detail}`)
  if (answerOrder(verdict) !== read.claimedOrder) return worthless(`misordered claims ${read.claimedOrder}`)
  const until = usableUntil(verdict, at, rules.retention, read.claimedUntil.getTime() - at.getTime())
  const { thisUpdate, nextUpdate } = verdict
  // A revocation is kept longer than it is used.
  const status = until > at ? verdict.status : 'unavailable'
  return { entry: { ...entry, status, source: 'ocsp', thisUpdate, nextUpdate, usableUntil: until }, der: read.der }
}

function entryWithoutAnswer({ certificate, issuer, addresses }: Subject): Judged['entry'] {
  return {
    ...{ sha256: certificate.sha256, serialNumber: certificate.serialNumber },
    commonName: certificate.commonNames.join(', ') || certificate.subject,
    ...{ issuer: issuer.subject, issuerSha256: issuer.sha256 },
    status: addresses.status === 'no_source' ? 'no_source' : 'pending',
    ...{ source: undefined, thisUpdate: undefined, nextUpdate: undefined, usableUntil: undefined },
    ...{ nextRefresh: undefined, lastError: undefined },
    responder: addresses.status === 'named' ? addresses.responders[0].href : undefined,
  }
}
