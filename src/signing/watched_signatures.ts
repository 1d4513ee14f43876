import type { DevApp } from '../domain/devapp.ts'
import type { PublicKey, SignaturePolicy, SignatureStatus, SignedParts } from '../domain/signature.ts'
import type { Signatures } from '../ports.ts'
import { signatureDifferences } from './differences.ts'
import { failureOf, verify } from './signatures.ts'

export interface WatchedSignaturesOptions {
  /** The text that the signer says it signed; `undefined` where nobody has it. */
  readonly signedText: Uint8Array | undefined
  /** All keys there are, with whose they are, for who may have taken a wrong one. */
  readonly keys: () => readonly { readonly key: PublicKey; readonly owner: string }[]
}

/** Longer texts are cut: a body may be in them. */
const maxShown = 4_096

/** The signatures of requests for who looks into one: they are verified as ever, remembered nowhere, and what differs is found. */
export class WatchedSignatures implements Signatures {
  readonly #options: WatchedSignaturesOptions
  #facts: { readonly expected: string | undefined; readonly differences: readonly string[] } | undefined

  constructor(options: WatchedSignaturesOptions) {
    this.#options = options
  }

  /** Of the last one that was looked at. */
  get facts() {
    return this.#facts
  }

  statusOf(parts: SignedParts, devApp: DevApp, policy: SignaturePolicy, at: Date): SignatureStatus {
    const { signedText, keys } = this.#options
    const verification = verify(parts, devApp, policy, at)
    const otherKeys = keys().filter(({ key }) => verification.keys?.every((own) => own !== key))
    this.#facts = {
      expected: verification.signed === undefined ? undefined : shown(Buffer.from(verification.signed)),
      differences: signatureDifferences({ parts, verification, signedText, otherKeys }),
    }
    return verification.status === 'holds'
      ? { status: 'verified', keyId: verification.key.id }
      : failureOf(verification)
  }
}

const shown = (text: Buffer): string =>
  text.length <= maxShown
    ? text.toString('utf8')
    : `${text.subarray(0, maxShown).toString('utf8')}... (${text.length} bytes in all)`
