import type { Lock } from './attempt_store.ts'
import { type Subject, type SubjectKind, subjectKinds } from './subject.ts'

/* What the fleet tells itself in Redis: `UNTIL LOCK`, where a lock is a subject as a text, and `lifted ID...`. */

export type LockMessage =
  | { readonly kind: 'locked'; readonly lock: Lock }
  | { readonly kind: 'lifted'; readonly ids: ReadonlySet<string> }

/** The subject as a text without spaces, the same in every process. */
export const lockText = ({ id, network = '-', clientKeyHash = '-' }: Subject): string =>
  [id, encodeURIComponent(network), clientKeyHash].join('|')

export const liftedMessage = (subjects: readonly Subject[]): string =>
  ['lifted', ...subjects.map(({ id }) => id)].join(' ')

/** What was said; `undefined` for rubbish. */
export function lockMessageFrom(text: string): LockMessage | undefined {
  const [first, ...ids] = text.split(' ')
  if (first === 'lifted') return { kind: 'lifted', ids: new Set(ids) }
  const lock = lockFrom(text)
  return lock && { kind: 'locked', lock }
}

/** The lock that `UNTIL LOCK` is; `undefined` for rubbish. */
export function lockFrom(text: string): Lock | undefined {
  const [, until, kind, hash, network = '', clientKeyHash = ''] = notation.exec(text) ?? []
  if (until === undefined || !isKind(kind)) return undefined
  return {
    until: Number(until),
    subject: {
      ...{ id: `${kind}:${hash}`, kind },
      network: network === '-' ? undefined : decodeURIComponent(network),
      clientKeyHash: clientKeyHash === '-' ? undefined : clientKeyHash,
    },
  }
}

/** An address is in it as it is, but for its colons. */
const notation =
  /^(\d{1,16}) ([a-z_]+):([A-Za-z0-9_-]{43})\|((?:[A-Za-z0-9.-]|%[23][0-9A-F]){0,128})\|([0-9a-f]{16}|-)$/

const isKind = (text: string | undefined): text is SubjectKind => (subjectKinds as readonly unknown[]).includes(text)
