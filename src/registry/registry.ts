import { hash } from 'node:crypto'
import type { Certificate } from '../domain/certificate.ts'
import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import type { Binding, RegisteredDevApps } from '../domain/identify.ts'
import { isSignedBy } from '../pki/certificate.ts'
import { likelyRenewedBy } from './renewals.ts'
import { alikeIn, type Indexes, indexed, noIndexes, renewableIn, withFingerprint } from './snapshot_indexes.ts'

/** Whether a registered leaf is known to be of its issuer; what is not is treated as if it were not registered. */
export type Holds = (certificate: RegisteredCertificate) => boolean

/** DevApps indexed for the request path. Immutable: a change makes a new one. */
export class RegistrySnapshot implements RegisteredDevApps {
  readonly #indexes: Indexes
  readonly #holds: Holds
  #devApps: readonly DevApp[] | undefined

  /** By default every leaf that is registered has been verified. `indexes` are of what is in force, where that is more. */
  constructor(devApps: readonly DevApp[], holds: Holds = () => true, indexes = indexed(noIndexes, [], devApps)) {
    this.#indexes = indexes
    this.#holds = holds
  }

  /** The same with some DevApps added or replaced, and others, by id, left out. What does not change costs nothing. */
  with(changed: readonly DevApp[], removed: ReadonlySet<string> = new Set()): RegistrySnapshot {
    const ids = new Set([...removed, ...changed.map(({ id }) => id)])
    const gone = [...ids].flatMap((id) => this.#indexes.byId.get(id) ?? [])
    return new RegistrySnapshot(changed, this.#holds, indexed(this.#indexes, gone, changed))
  }

  get devApps(): readonly DevApp[] {
    this.#devApps ??= [...this.#indexes.byId.values()]
    return this.#devApps
  }

  /** Whether a secret that a person chose is among the registered ones. */
  get holdsChosenSecret(): boolean {
    return this.#indexes.withChosenSecret > 0
  }

  /** The registered leaves, each once, however many DevApps it serves. */
  get certificates(): readonly RegisteredCertificate[] {
    return [...this.eachCertificate]
  }

  /** How many leaves are registered. */
  get leafCount(): number {
    let count = 0
    for (const _ of this.#indexes.byFingerprint.values()) count++
    return count
  }

  /** The same one after another, whether or not they have been verified: for whoever lets nobody in by them. */
  *eachRegistered(): Iterable<RegisteredCertificate> {
    for (const { certificate } of this.#indexes.byFingerprint.values()) yield certificate
  }

  /** Those that hold, one after another, for whoever takes them in turns: some may have to be verified first. */
  get eachCertificate(): Iterable<RegisteredCertificate> {
    const { byFingerprint } = this.#indexes
    const holds = this.#holds
    return {
      *[Symbol.iterator]() {
        for (const { certificate } of byFingerprint.values()) if (holds(certificate)) yield certificate
      },
    }
  }

  /** The DevApps that a registered leaf serves; none for another. */
  ownersOf({ leaf }: RegisteredCertificate): readonly DevApp[] {
    return withFingerprint(this.#indexes.byFingerprint, leaf.sha256, leaf)?.owners ?? []
  }

  /** The same by the SHA-256 of the leaf, lower-case hex. */
  ownersBySha256(sha256: string): readonly DevApp[] {
    return withFingerprint(this.#indexes.byFingerprint, sha256)?.owners ?? []
  }

  byClientKey(clientKey: string): DevApp | undefined {
    return this.#indexes.byClientKey.get(clientKey)
  }

  /** The registered leaf with this DER, which is read already; `undefined` where none is. */
  registeredLeaf(der: Uint8Array): Certificate | undefined {
    const certificate = withFingerprint(this.#indexes.byFingerprint, hash('sha256', der, 'hex'))?.certificate
    return certificate !== undefined && this.#holds(certificate) ? certificate.leaf : undefined
  }

  /**
   * How a presented leaf relates to the registered ones. One with a registered serial number and common name is told apart
   * by the issuer's signature, since a name alone can be anybody's.
   */
  bindingOf(leaf: Certificate): Binding {
    const entry = withFingerprint(this.#indexes.byFingerprint, leaf.sha256, leaf)
    if (entry !== undefined) {
      const { certificate, owners } = entry
      return this.#holds(certificate) ? { status: 'registered', certificate, owners } : { status: 'unregistered' }
    }
    const alike = alikeIn(this.#indexes, leaf).filter(this.#holds)
    const [first] = alike
    if (first === undefined) return this.#unregistered(leaf)
    const reissued = alike.find(({ chain: [issuer] }) => isSignedBy(leaf, issuer))
    return reissued === undefined
      ? { status: 'other_issuer', registered: first.leaf }
      : { status: 'differs', registered: reissued.leaf }
  }

  #unregistered(leaf: Certificate): Binding {
    const certificate = likelyRenewedBy(leaf, renewableIn(this.#indexes.byRenewalKey, leaf).filter(this.#holds))
    if (certificate === undefined) return { status: 'unregistered' }
    return { status: 'unregistered', likelyRenewalOf: { certificate, owners: this.ownersOf(certificate) } }
  }
}
