import { createHash } from 'node:crypto'
import type { Certificate } from '../domain/certificate.ts'
import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import type { Binding, RegisteredDevApps } from '../domain/identify.ts'
import { certificateFromDer, derFromPem, isSignedBy } from '../pki/certificate.ts'
import { RenewalIndex } from './renewals.ts'
import { hasChosenSecret } from './secrets.ts'

interface Entry {
  readonly certificate: RegisteredCertificate
  readonly owners: DevApp[]
}

/** DevApps indexed for the request path. Immutable: a change makes a new one. */
export class RegistrySnapshot implements RegisteredDevApps {
  readonly devApps: readonly DevApp[]
  /** Whether a secret that a person chose is among the registered ones. */
  readonly holdsChosenSecret: boolean
  readonly #byFingerprint = new Map<string, Entry>()
  readonly #bySerialAndName = new Map<string, RegisteredCertificate[]>()
  readonly #renewals = new RenewalIndex()
  readonly #byClientKey: ReadonlyMap<string, DevApp>

  constructor(devApps: readonly DevApp[]) {
    this.devApps = devApps
    this.holdsChosenSecret = devApps.some(hasChosenSecret)
    this.#byClientKey = new Map(devApps.map((devApp) => [devApp.clientKey, devApp]))
    for (const devApp of devApps) for (const certificate of devApp.certificates) this.#add(certificate, devApp)
  }

  /** The same with some DevApps added or replaced, and others, by id, left out. */
  with(changed: readonly DevApp[], removed: ReadonlySet<string> = new Set()): RegistrySnapshot {
    const replaced = new Map(changed.map((devApp) => [devApp.id, devApp]))
    const kept = this.devApps.filter(({ id }) => !removed.has(id) && !replaced.has(id))
    return new RegistrySnapshot([...kept, ...changed])
  }

  /** The registered leaves, each once, however many DevApps it serves. */
  get certificates(): readonly RegisteredCertificate[] {
    return [...this.#byFingerprint.values()].map((entry) => entry.certificate)
  }

  /** The DevApps that a registered leaf serves; none for another. */
  ownersOf({ leaf }: RegisteredCertificate): readonly DevApp[] {
    return this.#byFingerprint.get(leaf.sha256)?.owners ?? []
  }

  byClientKey(clientKey: string): DevApp | undefined {
    return this.#byClientKey.get(clientKey)
  }

  /** The certificate in PEM: where it is a registered leaf that one, which is read already. Throws CertificateError. */
  readCertificate(pem: string): Certificate {
    const der = derFromPem(pem)
    const sha256 = createHash('sha256').update(der).digest('hex')
    return this.#byFingerprint.get(sha256)?.certificate.leaf ?? certificateFromDer(der)
  }

  /**
   * How a presented leaf relates to the registered ones. One with a registered serial number and common name is told apart
   * by the issuer's signature, since a name alone can be anybody's.
   */
  bindingOf(leaf: Certificate): Binding {
    const entry = this.#byFingerprint.get(leaf.sha256)
    if (entry !== undefined) return { status: 'registered', certificate: entry.certificate, owners: entry.owners }
    const alike = this.#bySerialAndName.get(serialAndName(leaf)) ?? []
    const [first] = alike
    if (first === undefined) return this.#unregistered(leaf)
    const reissued = alike.find(({ chain: [issuer] }) => isSignedBy(leaf, issuer))
    return reissued === undefined
      ? { status: 'other_issuer', registered: first.leaf }
      : { status: 'differs', registered: reissued.leaf }
  }

  #unregistered(leaf: Certificate): Binding {
    const certificate = this.#renewals.likelyRenewedBy(leaf)
    if (certificate === undefined) return { status: 'unregistered' }
    return { status: 'unregistered', likelyRenewalOf: { certificate, owners: this.ownersOf(certificate) } }
  }

  #add(certificate: RegisteredCertificate, devApp: DevApp): void {
    const { leaf } = certificate
    const entry = this.#byFingerprint.get(leaf.sha256)
    if (entry !== undefined) {
      // Listed twice it is still one owner, and no choice between two.
      if (!entry.owners.includes(devApp)) entry.owners.push(devApp)
      return
    }
    this.#byFingerprint.set(leaf.sha256, { certificate, owners: [devApp] })
    this.#renewals.add(certificate)
    const key = serialAndName(leaf)
    this.#bySerialAndName.set(key, [...(this.#bySerialAndName.get(key) ?? []), certificate])
  }
}

/** Serial numbers are hex, so that the separator cannot occur in one. */
function serialAndName({ serialNumber, commonNames }: Certificate): string {
  return `${serialNumber}/${commonNames.join('\0')}`
}
