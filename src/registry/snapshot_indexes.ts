import type { Certificate } from '../domain/certificate.ts'
import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import type { Registered } from '../domain/identify.ts'
import { HashedIndex, HashedIndexChanges, numberOf } from './hashed_index.ts'
import { LayeredMap } from './layered_map.ts'
import { mostCandidates, renewalKey } from './renewals.ts'
import { hasChosenSecret } from './secrets.ts'

/** What a snapshot looks things up in. */
export interface Indexes {
  readonly byId: LayeredMap<string, DevApp>
  readonly byClientKey: LayeredMap<string, DevApp>
  readonly byFingerprint: HashedIndex<Registered>
  readonly bySerialAndName: HashedIndex<RegisteredCertificate>
  /** By `renewalKey`, the latest of each. */
  readonly byRenewalKey: HashedIndex<RegisteredCertificate>
  /** DevApps with a secret that a person chose. */
  readonly withChosenSecret: number
}

export const noIndexes: Indexes = {
  byId: new LayeredMap(new Map()),
  byClientKey: new LayeredMap(new Map()),
  byFingerprint: new HashedIndex(),
  bySerialAndName: new HashedIndex(),
  byRenewalKey: new HashedIndex(),
  withChosenSecret: 0,
}

/** The registered leaf with that SHA-256, and whom it serves. `leaf` itself is recognised without one. */
export function withFingerprint(
  index: Pick<HashedIndex<Registered>, 'get'>,
  sha256: string,
  leaf?: Certificate,
): Registered | undefined {
  for (const each of index.get(fingerprintNumber(sha256)))
    if (each.certificate.leaf === leaf || each.certificate.leaf.sha256 === sha256) return each
  return undefined
}

/** Registered leaves with the serial number and the common names of this one. */
export function alikeIn({ bySerialAndName }: Indexes, leaf: Certificate): readonly RegisteredCertificate[] {
  const key = serialAndName(leaf)
  return bySerialAndName.get(numberOf(key)).filter((each) => serialAndName(each.leaf) === key)
}

/** Registered leaves that this one may renew, the latest first. */
export function renewableIn(
  byRenewalKey: Pick<HashedIndex<RegisteredCertificate>, 'get'>,
  leaf: Certificate,
): readonly RegisteredCertificate[] {
  const key = renewalKey(leaf)
  if (key === undefined) return []
  return byRenewalKey
    .get(numberOf(key))
    .filter((each) => renewalKey(each.leaf) === key)
    .reverse()
}

/** The indexes without some DevApps and with others, which may be of the same ids. */
export function indexed(before: Indexes, gone: readonly DevApp[], added: readonly DevApp[]): Indexes {
  const changes = new IndexChanges(before)
  for (const devApp of gone) changes.remove(devApp)
  for (const devApp of added) changes.add(devApp)
  return changes.done()
}

class IndexChanges {
  readonly #before: Indexes
  readonly #ids = new Map<string, DevApp | undefined>()
  readonly #clientKeys = new Map<string, DevApp | undefined>()
  readonly #fingerprints: HashedIndexChanges<Registered>
  readonly #serials: HashedIndexChanges<RegisteredCertificate>
  readonly #renewals: HashedIndexChanges<RegisteredCertificate>
  #withChosenSecret: number

  constructor(before: Indexes) {
    this.#before = before
    this.#fingerprints = new HashedIndexChanges(before.byFingerprint)
    this.#serials = new HashedIndexChanges(before.bySerialAndName)
    this.#renewals = new HashedIndexChanges(before.byRenewalKey)
    this.#withChosenSecret = before.withChosenSecret
  }

  remove(devApp: DevApp): void {
    this.#ids.set(devApp.id, undefined)
    this.#clientKeys.set(devApp.clientKey, undefined)
    if (hasChosenSecret(devApp)) this.#withChosenSecret--
    for (const { leaf } of devApp.certificates) {
      const { sha256 } = leaf
      const entry = withFingerprint(this.#fingerprints, sha256)
      if (entry === undefined) continue
      const { certificate } = entry
      const owners = entry.owners.filter((owner) => owner !== devApp)
      this.#fingerprints.remove(fingerprintNumber(sha256), entry)
      if (owners.length > 0) {
        this.#fingerprints.add(fingerprintNumber(sha256), { certificate, owners })
        continue
      }
      const renewals = renewalKey(leaf)
      this.#serials.remove(numberOf(serialAndName(leaf)), certificate)
      if (renewals !== undefined) this.#renewals.remove(numberOf(renewals), certificate)
    }
  }

  add(devApp: DevApp): void {
    this.#ids.set(devApp.id, devApp)
    this.#clientKeys.set(devApp.clientKey, devApp)
    if (hasChosenSecret(devApp)) this.#withChosenSecret++
    for (const certificate of devApp.certificates) {
      const { sha256 } = certificate.leaf
      const entry = withFingerprint(this.#fingerprints, sha256)
      // Listed twice it is still one owner, and no choice between two.
      if (entry?.owners.includes(devApp)) continue
      if (entry === undefined) {
        this.#fingerprints.add(fingerprintNumber(sha256), { certificate, owners: [devApp] })
        this.#addNames(certificate)
        continue
      }
      this.#fingerprints.remove(fingerprintNumber(sha256), entry)
      this.#fingerprints.add(fingerprintNumber(sha256), { ...entry, owners: [...entry.owners, devApp] })
    }
  }

  done(): Indexes {
    return {
      byId: this.#before.byId.with(this.#ids),
      byClientKey: this.#before.byClientKey.with(this.#clientKeys),
      byFingerprint: this.#fingerprints.done(),
      bySerialAndName: this.#serials.done(),
      byRenewalKey: this.#renewals.done(),
      withChosenSecret: this.#withChosenSecret,
    }
  }

  #addNames(certificate: RegisteredCertificate): void {
    // A leaf reads them anew each time that it is asked.
    const { serialNumber, commonNames, issuerDer } = certificate.leaf
    this.#serials.add(numberOf(serialAndName({ serialNumber, commonNames })), certificate)
    const key = renewalKey({ commonNames, issuerDer })
    if (key === undefined) return
    const number = numberOf(key)
    if (this.#renewals.get(number).length >= mostCandidates) this.#forgetOldest(number, certificate.leaf)
    this.#renewals.add(number, certificate)
  }

  /** Makes room for one more with the names of this leaf. */
  #forgetOldest(number: number, leaf: Certificate): void {
    const alike = renewableIn(this.#renewals, leaf)
    const oldest = alike.length < mostCandidates ? undefined : alike.at(-1)
    if (oldest !== undefined) this.#renewals.remove(number, oldest)
  }
}

/** Its first 28 bits, of lower-case hex. */
function fingerprintNumber(sha256: string): number {
  let number = 0
  for (let i = 0; i < 7; i++) {
    const code = sha256.charCodeAt(i)
    number = (number << 4) | ((code & 0x0f) + 9 * (code >> 6))
  }
  return number
}

/** The separator occurs in neither. */
function serialAndName({ serialNumber, commonNames }: Pick<Certificate, 'serialNumber' | 'commonNames'>): string {
  return [serialNumber, ...commonNames].join('\0')
}
