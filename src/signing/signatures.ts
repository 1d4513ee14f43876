import { createHash } from 'node:crypto'
import type { DevApp } from '../domain/devapp.ts'
import type { SignaturePolicy, SignatureStatus, SignedParts } from '../domain/signature.ts'
import type { Signatures } from '../ports.ts'
import { verifyConcatenated } from './concatenated.ts'
import { verifyMessageSignature } from './message_signatures.ts'
import type { Novelty, ReplayMemory } from './replay_memory.ts'
import type { Holds, Verification } from './verification.ts'

export interface RequestSignaturesOptions {
  /** What this process remembers. */
  readonly own: ReplayMemory
  /** What the fleet remembers; `undefined` where it shares nothing. */
  readonly shared: ReplayMemory | undefined
}

/** The signatures of requests, each good for one use. */
export class RequestSignatures implements Signatures {
  readonly #own: ReplayMemory
  #shared: ReplayMemory | undefined

  constructor({ own, shared }: RequestSignaturesOptions) {
    this.#own = own
    this.#shared = shared
  }

  /** From now on the fleet remembers there. */
  share(memory: ReplayMemory | undefined): void {
    this.#shared?.close()
    this.#shared = memory
  }

  close(): void {
    this.share(undefined)
    this.#own.close()
  }

  statusOf(
    parts: SignedParts,
    devApp: DevApp,
    policy: SignaturePolicy,
    at: Date,
  ): SignatureStatus | Promise<SignatureStatus> {
    const verification = verify(parts, devApp, policy, at)
    // Only what holds is remembered: strangers cannot fill the memory.
    if (verification.status !== 'holds') return failureOf(verification)
    const mark = markOf(devApp, verification)
    const novelty = (this.#shared ?? this.#own).firstUse(mark, verification.repeatableMs)
    return novelty instanceof Promise
      ? novelty.then((known) => this.#judged(known, mark, verification, policy))
      : this.#judged(novelty, mark, verification, policy)
  }

  #judged(
    novelty: Novelty,
    mark: string,
    { key: { id: keyId }, repeatableMs }: Holds,
    { onReplayUnavailable }: SignaturePolicy,
  ): SignatureStatus | Promise<SignatureStatus> {
    if (novelty.status === 'seen') return { status: 'replayed', keyId }
    if (novelty.status === 'new') return { status: 'verified', keyId }
    const { cause } = novelty
    if (onReplayUnavailable === 'deny') return { status: 'replay_unknown', keyId, cause }
    const own = this.#own.firstUse(mark, repeatableMs)
    const passed = ({ status }: Novelty): SignatureStatus =>
      status === 'seen' ? { status: 'replayed', keyId } : { status: 'verified', keyId, replayUnknown: cause }
    return own instanceof Promise ? own.then(passed) : passed(own)
  }
}

/** What the policy's profile says of a request that Envoy handed over with its body. Never throws. */
export function verify(parts: SignedParts, { publicKeys }: DevApp, policy: SignaturePolicy, at: Date): Verification {
  if (parts.bodyStatus === 'not_sent') return { status: 'body_not_sent' }
  if (parts.bodyStatus === 'cut' || parts.body.length > policy.maxBodyBytes)
    return { status: 'body_too_large', limitBytes: policy.maxBodyBytes }
  return policy.profile === 'message-signatures'
    ? verifyMessageSignature(parts, publicKeys, policy, at)
    : verifyConcatenated(parts, publicKeys, policy)
}

/** Without what only the operator may see. */
export function failureOf({
  signed: _,
  signature: __,
  keys: ___,
  ...failure
}: Exclude<Verification, Holds>): SignatureStatus {
  return failure
}

/** By the key itself, whatever it is called: under another id it is as used. */
function markOf({ id }: DevApp, { key, mark }: Holds): string {
  return createHash('sha256').update(`${id}\0${key.sha256}\0`).update(mark).digest('base64url')
}
