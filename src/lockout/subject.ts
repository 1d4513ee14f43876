import { hash } from 'node:crypto'

/** Somebody who presents a ClientKey with a secret. */
export interface Attempt {
  readonly clientKey: string
  /** As `sourceNetwork` says. */
  readonly network: string
}

/**
 * Whose failures are counted together: those of one ClientKey from one network (`client_key`), of one network whatever the
 * ClientKey (`address`), and of one ClientKey from everywhere (`distributed`).
 */
export const subjectKinds = ['client_key', 'address', 'distributed'] as const
export type SubjectKind = (typeof subjectKinds)[number]

export interface Subject {
  /** Names it in memory and in Redis. Of one length, and without the ClientKey: whatever is presented as one may be a secret. */
  readonly id: string
  readonly kind: SubjectKind
  /** `undefined` where it is everywhere. */
  readonly network: string | undefined
  /** The beginning of the SHA-256 of the ClientKey in hex; `undefined` where it is any. */
  readonly clientKeyHash: string | undefined
}

export const subjectId = (kind: SubjectKind, { clientKey, network }: Attempt): string =>
  `${kind}:${hash('sha256', namedBy[kind](clientKey, network), 'base64url')}`

/** The separator occurs in no ClientKey (RFC 7617 2). */
const namedBy: Readonly<Record<SubjectKind, (clientKey: string, network: string) => string>> = {
  client_key: (clientKey, network) => `${clientKey}\0${network}`,
  address: (_, network) => network,
  distributed: (clientKey) => clientKey,
}

/** Those that a failed attempt counts against. */
export function subjectsOf(attempt: Attempt): readonly Subject[] {
  const clientKeyHash = clientKeyHashOf(attempt.clientKey)
  const { network } = attempt
  return [
    { id: subjectId('client_key', attempt), kind: 'client_key', network, clientKeyHash },
    { id: subjectId('address', attempt), kind: 'address', network, clientKeyHash: undefined },
    { id: subjectId('distributed', attempt), kind: 'distributed', network: undefined, clientKeyHash },
  ]
}

export const clientKeyHashOf = (clientKey: string): string => hash('sha256', clientKey, 'hex').slice(0, 16)
