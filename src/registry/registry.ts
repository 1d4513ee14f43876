import { hash } from 'node:crypto'
import type { Certificate } from '../domain/certificate.ts'
import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import type { Binding, RegisteredDevApps } from '../domain/identify.ts'
import { certificateFromDer, derFromPem, isSignedBy } from '../pki/certificate.ts'
import { LayeredMap } from './layered_map.ts'
import { likelyRenewedBy, renewalKey, withLatest } from './renewals.ts'
import { hasChosenSecret } from './secrets.ts'

interface Entry {
  readonly certificate: RegisteredCertificate
  readonly owners: readonly DevApp[]
}

/** Whether a registered leaf is known to be of its issuer; what is not is treated as if it were not registered. */
export type Holds = (certificate: RegisteredCertificate) => boolean

/** What a snapshot looks things up in. */
interface Indexes {
  readonly byId: LayeredMap<string, DevApp>
  readonly byFingerprint: LayeredMap<string, Entry>
  readonly bySerialAndName: LayeredMap<string, readonly RegisteredCertificate[]>
  /** By `renewalKey`, the latest of each. */
  readonly byRenewalKey: LayeredMap<string, readonly RegisteredCertificate[]>
  readonly byClientKey: LayeredMap<string, DevApp>
  /** DevApps with a secret that a person chose. */
  readonly withChosenSecret: number
}

const noIndexes: Indexes = {
  byId: new LayeredMap(new Map()),
  byFingerprint: new LayeredMap(new Map()),
  bySerialAndName: new LayeredMap(new Map()),
  byRenewalKey: new LayeredMap(new Map()),
  byClientKey: new LayeredMap(new Map()),
  withChosenSecret: 0,
}

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
  ownersOf({ leaf }: { readonly leaf: Pick<Certificate, 'sha256'> }): readonly DevApp[] {
    return this.#indexes.byFingerprint.get(leaf.sha256)?.owners ?? []
  }

  byClientKey(clientKey: string): DevApp | undefined {
    return this.#indexes.byClientKey.get(clientKey)
  }

  /** The certificate in PEM: where it is a registered leaf that one, which is read already. Throws CertificateError. */
  readCertificate(pem: string): Certificate {
    const der = derFromPem(pem)
    const certificate = this.#indexes.byFingerprint.get(hash('sha256', der, 'hex'))?.certificate
    return certificate !== undefined && this.#holds(certificate) ? certificate.leaf : certificateFromDer(der)
  }

  /**
   * How a presented leaf relates to the registered ones. One with a registered serial number and common name is told apart
   * by the issuer's signature, since a name alone can be anybody's.
   */
  bindingOf(leaf: Certificate): Binding {
    const entry = this.#indexes.byFingerprint.get(leaf.sha256)
    if (entry !== undefined) {
      const { certificate, owners } = entry
      return this.#holds(certificate) ? { status: 'registered', certificate, owners } : { status: 'unregistered' }
    }
    const alike = this.#indexes.bySerialAndName.get(serialAndName(leaf))?.filter(this.#holds) ?? []
    const [first] = alike
    if (first === undefined) return this.#unregistered(leaf)
    const reissued = alike.find(({ chain: [issuer] }) => isSignedBy(leaf, issuer))
    return reissued === undefined
      ? { status: 'other_issuer', registered: first.leaf }
      : { status: 'differs', registered: reissued.leaf }
  }

  #unregistered(leaf: Certificate): Binding {
    const key = renewalKey(leaf)
    const alike = key === undefined ? undefined : this.#indexes.byRenewalKey.get(key)?.filter(this.#holds)
    const certificate = alike && likelyRenewedBy(leaf, alike)
    if (certificate === undefined) return { status: 'unregistered' }
    return { status: 'unregistered', likelyRenewalOf: { certificate, owners: this.ownersOf(certificate) } }
  }
}

/** The indexes without some DevApps and with others, which may be of the same ids. */
function indexed(before: Indexes, gone: readonly DevApp[], added: readonly DevApp[]): Indexes {
  const byId = new Changes(before.byId)
  const byFingerprint = new Changes(before.byFingerprint)
  const bySerialAndName = new Changes(before.bySerialAndName)
  const byRenewalKey = new Changes(before.byRenewalKey)
  const byClientKey = new Changes(before.byClientKey)
  for (const devApp of gone) {
    byId.set(devApp.id, undefined)
    byClientKey.set(devApp.clientKey, undefined)
    for (const { leaf } of devApp.certificates) {
      const entry = byFingerprint.get(leaf.sha256)
      if (entry === undefined) continue
      const owners = entry.owners.filter((owner) => owner !== devApp)
      byFingerprint.set(leaf.sha256, owners.length === 0 ? undefined : { ...entry, owners })
      if (owners.length > 0) continue
      const [key, renewals] = [serialAndName(leaf), renewalKey(leaf)]
      bySerialAndName.set(key, without(bySerialAndName.get(key), entry.certificate))
      if (renewals !== undefined) byRenewalKey.set(renewals, without(byRenewalKey.get(renewals), entry.certificate))
    }
  }
  for (const devApp of added) {
    byId.set(devApp.id, devApp)
    byClientKey.set(devApp.clientKey, devApp)
    for (const certificate of devApp.certificates) {
      const { leaf } = certificate
      const entry = byFingerprint.get(leaf.sha256)
      // Listed twice it is still one owner, and no choice between two.
      if (entry?.owners.includes(devApp)) continue
      if (entry !== undefined) {
        byFingerprint.set(leaf.sha256, { ...entry, owners: [...entry.owners, devApp] })
        continue
      }
      byFingerprint.set(leaf.sha256, { certificate, owners: [devApp] })
      const [key, renewals] = [serialAndName(leaf), renewalKey(leaf)]
      const alike = bySerialAndName.get(key)
      bySerialAndName.set(key, alike === undefined ? [certificate] : [...alike, certificate])
      if (renewals !== undefined) byRenewalKey.set(renewals, withLatest(byRenewalKey.get(renewals) ?? [], certificate))
    }
  }
  const chosen = (devApps: readonly DevApp[]): number => devApps.filter(hasChosenSecret).length
  return {
    byId: byId.done(),
    byFingerprint: byFingerprint.done(),
    bySerialAndName: bySerialAndName.done(),
    byRenewalKey: byRenewalKey.done(),
    byClientKey: byClientKey.done(),
    withChosenSecret: before.withChosenSecret - chosen(gone) + chosen(added),
  }
}

/** The others; `undefined` where there are none. */
function without(
  alike: readonly RegisteredCertificate[] = [],
  certificate: RegisteredCertificate,
): readonly RegisteredCertificate[] | undefined {
  const others = alike.filter((each) => each !== certificate)
  return others.length === 0 ? undefined : others
}

/** Changes to an index, seen by those that follow. */
class Changes<Value> {
  readonly #before: LayeredMap<string, Value>
  readonly #changes = new Map<string, Value | undefined>()

  constructor(before: LayeredMap<string, Value>) {
    this.#before = before
  }

  get(key: string): Value | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#before.get(key)
  }

  set(key: string, value: Value | undefined): void {
    this.#changes.set(key, value)
  }

  done(): LayeredMap<string, Value> {
    return this.#before.with(this.#changes)
  }
}

/** The separator occurs in neither. */
function serialAndName({ serialNumber, commonNames }: Certificate): string {
  return [serialNumber, ...commonNames].join('\0')
}
