import type { Certificate } from './certificate.ts'
import type { Decision } from './decision.ts'
import type { DenyCode } from './denials.ts'
import type { DevApp, RegisteredCertificate } from './devapp.ts'
import type { Evidence } from './evidence.ts'
import type { RegisteredDevApps } from './identify.ts'

/** What a refused certificate nearly is, the most telling first. */
export const nearMissKinds = [
  'reissued',
  'other_issuer',
  'same_key',
  'other_serial',
  'newer_registered',
  'devapp_disabled',
  'other_environment',
  'other_devapp',
] as const
export type NearMissKind = (typeof nearMissKinds)[number]

export interface NearMiss {
  readonly kind: NearMissKind
  /** Ids of the DevApps that it is about. */
  readonly devApps: readonly string[]
  /** The SHA-256 of the registered certificate that it is about. */
  readonly sha256: string
  readonly message: string
  readonly cure: string
  /**
   * Whether the presented leaf verifies under the issuer that is registered. Otherwise only operators may be told: anybody can
   * sign a victim's serial number and name.
   */
  readonly provenIssuer: boolean
}

export interface Registration {
  readonly certificate: RegisteredCertificate
  readonly owners: readonly DevApp[]
}

/** What near misses are looked up in, answered from memory. */
export interface Registrations extends Pick<RegisteredDevApps, 'byClientKey'> {
  /** The registered certificates that share a serial number, a common name or the key with a leaf. */
  alike(leaf: Certificate): readonly Registration[]
  isIssuedBy(leaf: Certificate, issuer: Certificate): boolean
  haveSameKey(one: Certificate, other: Certificate): boolean
}

/** A common name that everybody uses makes no list longer. */
const maxNearMisses = 10

/** What a refused certificate nearly is, each with its cure; nothing where it was allowed, or none was asked for. */
export function nearMisses(evidence: Evidence, decision: Decision, registrations: Registrations): readonly NearMiss[] {
  const { request, policy, identity, now } = evidence
  const presented = request.certificate
  if (decision.kind === 'allow' || !policy.require.has('certificate') || presented.status !== 'presented') return []
  const { binding } = identity
  const found =
    binding.status === 'registered'
      ? ofRegistered(binding, evidence, decision.code, registrations)
      : registrations
          .alike(presented.certificate)
          .map((alike) => ofAlike(presented.certificate, alike, now, registrations))
  const rank = ({ kind, provenIssuer }: NearMiss): number =>
    nearMissKinds.indexOf(kind) + (provenIssuer ? 0 : nearMissKinds.length)
  return [...found].sort((a, b) => rank(a) - rank(b)).slice(0, maxNearMisses)
}

/** A leaf that is not registered, beside a registered one that it shares something with. */
function ofAlike(
  leaf: Certificate,
  { certificate, owners }: Registration,
  now: Date,
  registrations: Registrations,
): NearMiss {
  const registered = certificate.leaf
  const provenIssuer = registrations.isIssuedBy(leaf, certificate.chain[0])
  const devApps = owners.map(({ id }) => id)
  const about = { devApps, sha256: registered.sha256, provenIssuer }
  const holder = `${wordsOf(owners)} ${owners.length === 1 ? 'has' : 'have'}`
  const ids = devApps.join(', ')

  if (leaf.serialNumber === registered.serialNumber) {
    if (provenIssuer)
      return {
        ...{ ...about, kind: 'reissued' },
        message: `${holder} a certificate of the same issuer and serial number with other bytes, sha256 ${registered.sha256}`,
        cure: `Present that one; or ask the CA why it used a serial number twice (RFC 5280 4.1.2.2), and attach this one to ${ids}.`,
      }
    const named = shareName(leaf, registered) ? 'serial number and common name' : 'serial number'
    return {
      ...{ ...about, kind: 'other_issuer' },
      message: `${holder} a certificate with the same ${named}, issued by ${registered.issuer}; this one names ${leaf.issuer}`,
      cure: `Present the certificate of ${registered.issuer}; or, once the third party confirmed that it changed its CA, attach this one to ${ids}.`,
    }
  }
  const theirs = `serial number ${registered.serialNumber}, valid to ${registered.notAfter.toISOString()}`
  if (now > leaf.notAfter && now <= registered.notAfter)
    return {
      ...{ ...about, kind: 'newer_registered' },
      message: `${holder} a certificate that is still valid: ${theirs}`,
      cure: 'Present that one: this one has expired.',
    }
  if (registrations.haveSameKey(leaf, registered))
    return {
      ...{ ...about, kind: 'same_key' },
      message: `${holder} a certificate with the same key: ${theirs}`,
      cure: `Renewed with its key? Attach this one to ${ids}.`,
    }
  const whose = provenIssuer ? 'the same issuer' : `another issuer, ${registered.issuer}`
  return {
    ...{ ...about, kind: 'other_serial' },
    message: `${holder} a certificate of the same common name and ${whose}: ${theirs}`,
    cure: provenIssuer
      ? `Renewed? Attach this one to ${ids}.`
      : `Renewed at another CA? Once the third party confirmed it, attach this one to ${ids}.`,
  }
}

/** Of refusals that a newer certificate of the same DevApp would not meet. */
const usedUp: ReadonlySet<DenyCode> = new Set(['cert_expired', 'cert_revoked', 'cert_on_hold', 'cert_status_unknown'])

/** The right certificate, and still a refusal. */
function ofRegistered(
  { certificate: { leaf }, owners }: Registration,
  { request, now }: Evidence,
  code: DenyCode,
  registrations: Registrations,
): readonly NearMiss[] {
  const about = { devApps: owners.map(({ id }) => id), sha256: leaf.sha256, provenIssuer: true }
  const misses: NearMiss[] = []
  if (usedUp.has(code)) {
    const newer = owners.flatMap((owner) =>
      owner.certificates
        .filter(
          (other) => other.leaf.notBefore > leaf.notBefore && other.leaf.notBefore <= now && now <= other.leaf.notAfter,
        )
        .map((other) => ({ owner, other: other.leaf })),
    )
    for (const { owner, other } of newer)
      misses.push({
        ...{ kind: 'newer_registered', devApps: [owner.id], sha256: other.sha256, provenIssuer: true },
        message: `${wordsOf([owner])} has a newer certificate: serial number ${other.serialNumber}, valid to ${other.notAfter.toISOString()}`,
        cure: `Present that one, and detach this one from ${owner.id}.`,
      })
  }
  const disabled = owners.filter(({ status }) => status === 'disabled')
  if (code === 'devapp_disabled' || disabled.length === owners.length)
    misses.push({
      ...{ ...about, kind: 'devapp_disabled', devApps: disabled.map(({ id }) => id) },
      message: `It is attached to ${wordsOf(disabled)}`,
      cure: `Enable ${disabled.map(({ id }) => id).join(' or ')}, or attach it to an enabled DevApp.`,
    })
  const wrong = wrongDevApp(owners, namedBy(request, registrations), code)
  if (wrong !== undefined) misses.push({ ...about, ...wrong })
  return misses
}

/** Codes after which an operator may wonder whether the certificate was meant for production. */
const ofTheDevApp: ReadonlySet<DenyCode> = new Set(['devapp_disabled', 'product_not_selected', 'devapp_ambiguous'])

function wrongDevApp(
  owners: readonly DevApp[],
  named: DevApp | undefined,
  code: DenyCode,
): Pick<NearMiss, 'kind' | 'message' | 'cure'> | undefined {
  const [environment, ...others] = new Set(owners.map((owner) => owner.environment))
  const only = others.length === 0 ? environment : undefined
  const attached = `It is attached to ${wordsOf(owners)}`
  if (named === undefined)
    return only === 'staging' && ofTheDevApp.has(code)
      ? {
          kind: 'other_environment',
          message: `${attached}: in staging only`,
          cure: 'Attach it to the DevApp in production, or present the one that is attached there.',
        }
      : undefined
  if (owners.includes(named)) return undefined
  const cure = `Send the ClientKey of ${owners.map(({ id }) => id).join(' or ')}, or attach the certificate to ${named.id}.`
  return only !== undefined && only !== named.environment
    ? {
        kind: 'other_environment',
        message: `${attached}: in ${only} only, and the ClientKey is of ${wordsOf([named])}`,
        cure,
      }
    : { kind: 'other_devapp', message: `${attached}, and the ClientKey is of ${wordsOf([named])}`, cure }
}

/** The DevApp whose ClientKey the request names, in Basic or by itself. */
function namedBy({ basic, clientKey }: Evidence['request'], registrations: Registrations): DevApp | undefined {
  const key = basic.status === 'presented' ? basic.clientKey : clientKey
  return key === undefined ? undefined : registrations.byClientKey(key)
}

const shareName = (one: Certificate, other: Certificate): boolean =>
  one.commonNames.some((name) => other.commonNames.includes(name))

/** DevApps for people: `acme (Acme, production)`. */
export function wordsOf(devApps: readonly DevApp[]): string {
  return devApps
    .map(
      ({ id, name, environment, status }) =>
        `${id} (${[name, environment, ...(status === 'disabled' ? ['disabled'] : [])].join(', ')})`,
    )
    .join(' and ')
}
