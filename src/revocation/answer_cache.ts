import type { OcspAnswer } from '../pki/ocsp_verification.ts'

/**
 * Signed answers that the whole fleet shares. Nothing that is read here is trusted: whoever reads verifies the bytes
 * as if a stranger had sent them. No call rejects.
 */
export interface SharedAnswers {
  /** Settles within tens of milliseconds; `patiently`, where no request waits, within hundreds, as the other calls do. */
  read(key: string, patiently?: boolean): Promise<SharedAnswer>
  /**
   * Stores an answer that may be used until `until`, for `keepMs`, unless the one that is stored claims to be later. Whether
   * the tier has it or a later one now.
   */
  write(key: string, answer: OcspAnswer, until: Date, keepMs: number): Promise<boolean>
  /** Removes what was read, unless something else has taken its place. */
  discard(key: string, read: StoredBytes): Promise<void>
  /** Removes everything about these keys, also who is asking. Whether it was done. */
  forget(keys: readonly string[]): Promise<boolean>
  close(): void
}

export type SharedAnswer =
  | { readonly status: 'absent' }
  | (StoredBytes & {
      readonly status: 'found'
      readonly der: Uint8Array
      /** What the entry claims of its order among others; worth nothing until the answer itself says the same. */
      readonly claimedOrder: string
      /** Until when it may be used, as the entry claims: a limit, and never more than the answer itself allows. */
      readonly claimedUntil: Date
    })
  /** Too large, or in nobody's format. */
  | (StoredBytes & { readonly status: 'rubbish' })
  /** The tier could not be asked. */
  | { readonly status: 'failed'; readonly cause: string }

/** What was stored, as much of it as is ever read. */
export interface StoredBytes {
  readonly stored: Uint8Array
}

const instantDigits = 15

/** How many characters `answerOrder` and `instantText` have. */
export const orderLength = 2 * instantDigits
export const instantLength = instantDigits

/**
 * The instants that order answers, thisUpdate before producedAt, in decimal milliseconds of one width: comparing two as
 * text compares the answers.
 */
export function answerOrder({ thisUpdate, producedAt }: Pick<OcspAnswer, 'thisUpdate' | 'producedAt'>): string {
  return instantText(thisUpdate) + instantText(producedAt)
}

/** Decimal milliseconds, always of one width. */
export const instantText = (instant: Date): string =>
  String(Math.max(0, instant.getTime())).padStart(instantDigits, '0')
