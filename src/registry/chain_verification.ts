import { setTimeout as pause } from 'node:timers/promises'
import type { RegisteredCertificate } from '../domain/devapp.ts'
import { CertificateError, certificateFromDer, isSignedBy } from '../pki/certificate.ts'
import { notIssued } from './chain_reader.ts'

/** How long nothing else happens, and how long this does not. */
const sliceMs = 4
const pauseMs = 4

/**
 * Verifies leaves after they were registered, where they are too many to be verified before: in the background, and at once those
 * that are asked about. No leaf counts before that.
 */
export class ChainVerification {
  readonly #onBroken: (certificate: RegisteredCertificate, reason: string) => void
  readonly #pending = new Set<RegisteredCertificate>()
  readonly #broken = new WeakSet<RegisteredCertificate>()
  #working = false
  #stopped = false

  /** `onBroken` is told of each that does not hold, once. */
  constructor(onBroken: (certificate: RegisteredCertificate, reason: string) => void) {
    this.#onBroken = onBroken
  }

  /** Begins to verify these, besides those before. */
  expect(certificates: readonly RegisteredCertificate[]): void {
    for (const certificate of certificates) this.#pending.add(certificate)
    if (!this.#working) void this.#work()
  }

  /** Whether the leaf is of its issuer; it is verified now where it was not. What was never expected was verified before. */
  readonly holds = (certificate: RegisteredCertificate): boolean => {
    if (this.#pending.delete(certificate)) this.#verify(certificate)
    return !this.#broken.has(certificate)
  }

  stop(): void {
    this.#stopped = true
  }

  async #work(): Promise<void> {
    this.#working = true
    for (let until = 0; this.#pending.size > 0 && !this.#stopped; ) {
      if (performance.now() > until) {
        // Whoever stops waits for nobody.
        await pause(pauseMs, undefined, { ref: false })
        until = performance.now() + sliceMs
      }
      const [next] = this.#pending
      if (next !== undefined) this.holds(next)
    }
    this.#working = false
  }

  #verify(certificate: RegisteredCertificate): void {
    const reason = problemOf(certificate)
    if (reason === undefined) return
    this.#broken.add(certificate)
    this.#onBroken(certificate, reason)
  }
}

function problemOf({ leaf, chain: [issuer] }: RegisteredCertificate): string | undefined {
  try {
    const read = certificateFromDer(leaf.der)
    return isSignedBy(read, issuer) ? undefined : notIssued(read, issuer)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return error.message
  }
}
