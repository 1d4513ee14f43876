import type { OcspAnswer } from '../pki/ocsp_verification.ts'

/**
 * Signed answers that the whole fleet shares. Nothing that is read here is trusted: whoever reads verifies the bytes
 * as if a stranger had sent them. Every call settles within tens of milliseconds, and none rejects.
 */
export interface SharedAnswers {
  read(key: string): Promise<SharedAnswer>
  /** Stores the answer for `ttlMs`, unless the one that is stored claims to be later. */
  write(key: string, answer: OcspAnswer, ttlMs: number): Promise<void>
  /** Removes what was read, unless something else has taken its place. */
  discard(key: string, read: StoredBytes): Promise<void>
  close(): void
}

export type SharedAnswer =
  | { readonly status: 'absent' }
  | (StoredBytes & {
      readonly status: 'found'
      readonly der: Uint8Array
      /** What the entry claims of its order among others; worth nothing until the answer itself says the same. */
      readonly claimedOrder: string
      /** How long it is to be remembered yet; `undefined` where nothing limits it. */
      readonly leftMs: number | undefined
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

/** How many characters `answerOrder` has. */
export const orderLength = 2 * instantDigits

/**
 * The instants that order answers, thisUpdate before producedAt, in decimal milliseconds of one width: comparing two as
 * text compares the answers.
 */
export function answerOrder({ thisUpdate, producedAt }: Pick<OcspAnswer, 'thisUpdate' | 'producedAt'>): string {
  return [thisUpdate, producedAt]
    .map((instant) => String(Math.max(0, instant.getTime())).padStart(instantDigits, '0'))
    .join('')
}
