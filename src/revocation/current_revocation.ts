import { isDeepStrictEqual } from 'node:util'
import type { RegisteredCertificate } from '../domain/devapp.ts'
import type { RevocationStatus } from '../domain/evidence.ts'
import type { Revocation } from '../ports.ts'
import type { RevocationControl } from './control.ts'
import type { RevocationOptions } from './options.ts'
import type { KnownOfSubject, OcspRevocation, RevocationParts } from './revocation.ts'

type Open = (options: RevocationOptions, inherited: Pick<RevocationParts, 'memory' | 'counts'>) => OcspRevocation

/** The revocation service in force, replaced as a whole when its settings change. */
export class CurrentRevocation implements Revocation {
  readonly #open: Open
  #options: RevocationOptions
  #current: OcspRevocation
  #registered: Iterable<RegisteredCertificate> | undefined
  #retiring: Promise<void> = Promise.resolve()

  constructor(options: RevocationOptions, open: Open) {
    this.#open = open
    this.#options = options
    this.#current = open(options, {})
  }

  /** Of the one in force: to be asked for anew each time. */
  get control(): RevocationControl {
    return this.#current.control
  }

  statusOf(certificate: RegisteredCertificate, at: Date): RevocationStatus | Promise<RevocationStatus> {
    return this.#current.statusOf(certificate, at)
  }

  /** As `OcspRevocation.known`. */
  known(certificate: RegisteredCertificate): readonly KnownOfSubject[] {
    return this.#current.known(certificate)
  }

  register(certificates: Iterable<RegisteredCertificate>): void {
    this.#registered = certificates
    this.#current.register(certificates)
  }

  countWaived(waived: Parameters<OcspRevocation['countWaived']>[0]): void {
    this.#current.countWaived(waived)
  }

  /**
   * Puts other settings in force for the next request. What is remembered goes on being used where it would have been accepted
   * by the new rules too; requests under way end by the settings that they began with. Throws where the new ones cannot be used.
   */
  replace(options: RevocationOptions): void {
    const { memory, counts } = this.#current.inheritance
    const next = this.#open(options, { counts, ...(keepsAnswers(this.#options, options) && { memory }) })
    if (this.#registered !== undefined) next.register(this.#registered)
    const previous = this.#current
    this.#options = options
    this.#current = next
    this.#retiring = Promise.all([this.#retiring, previous.retire()]).then(() => {})
  }

  async close(): Promise<void> {
    await Promise.all([this.#current.close(), this.#retiring])
  }
}

/** Whether what was accepted and kept by one would have been by the other: the rules for answers, for how long, and who may sign. */
function keepsAnswers(before: RevocationOptions, after: RevocationOptions): boolean {
  return isDeepStrictEqual(judging(before), judging(after))
}

const judging = ({
  skewMs,
  maxAgeMs,
  allowSha1,
  delegateWithoutNocheck,
  nonce,
  retention,
  overrides,
  cache,
}: RevocationOptions) => ({
  ...{ skewMs, maxAgeMs, allowSha1, delegateWithoutNocheck, nonce, retention, memory: cache.memory },
  pinned: new Map([...overrides].map(([issuer, { pinned }]) => [issuer, pinned?.map(({ sha256 }) => sha256)])),
})
