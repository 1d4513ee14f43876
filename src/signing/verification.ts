import type { PublicKey, SignatureStatus } from '../domain/signature.ts'

/** What is known of a signature before anybody asks whether it was used before. */
export type Verification = Holds | (Failure & Seen)

export interface Holds extends Seen {
  readonly status: 'holds'
  readonly key: PublicKey
  readonly signed: string | Uint8Array
  /** What a second use of it has in common with the first. */
  readonly mark: Uint8Array
  /** For how long a second use would pass without being known as one. */
  readonly repeatableMs: number
}

type Failure = Extract<
  SignatureStatus,
  { status: 'missing' | 'malformed' | 'incomplete' | 'expired' | 'invalid' | 'body_too_large' | 'body_not_sent' }
>

/** For the operator, as far as verifying came: never for the caller. */
export interface Seen {
  /** What the signature has to be of. */
  readonly signed?: string | Uint8Array
  readonly signature?: Uint8Array
  /** The DevApp's keys that it may be of. */
  readonly keys?: readonly PublicKey[]
}
