import type { Certificate } from '../certificate.ts'
import type { DenyCode } from '../denials.ts'
import type { DevApp } from '../devapp.ts'
import type { Evidence } from '../evidence.ts'
import { type NearMiss, type Registration, type Registrations, wordsOf } from '../near_miss.ts'

/** Of refusals that a newer certificate of the same DevApp would not meet. */
const usedUp: ReadonlySet<DenyCode> = new Set(['cert_expired', 'cert_revoked', 'cert_on_hold', 'cert_status_unknown'])

/** What the right certificate, which was refused all the same, lacks. */
export function attachedMisses(
  { certificate: { leaf }, owners }: Registration,
  { request, now }: Evidence,
  code: DenyCode,
  registrations: Registrations,
): readonly NearMiss[] {
  const about = { devApps: owners.map(({ id }) => id), sha256: leaf.sha256, provenIssuer: true }
  const disabled = disabledOf(owners, code)
  const wrong = wrongDevApp(owners, namedBy(request, registrations), code)
  return [
    ...(usedUp.has(code) ? owners.flatMap((owner) => newerOf(owner, leaf, now)) : []),
    ...(disabled === undefined ? [] : [{ ...about, ...disabled }]),
    ...(wrong === undefined ? [] : [{ ...about, ...wrong }]),
  ]
}

function newerOf(owner: DevApp, leaf: Certificate, now: Date): readonly NearMiss[] {
  return owner.certificates
    .map((other) => other.leaf)
    .filter(({ notBefore, notAfter }) => notBefore > leaf.notBefore && notBefore <= now && now <= notAfter)
    .map(({ sha256, serialNumber, notAfter }) => ({
      ...{ kind: 'newer_registered', devApps: [owner.id], sha256, provenIssuer: true },
      message: `${wordsOf([owner])} has a newer certificate: serial number ${serialNumber}, valid to ${notAfter.toISOString()}`,
      cure: `Present that one, and detach this one from ${owner.id}.`,
    }))
}

type Said = Pick<NearMiss, 'kind' | 'message' | 'cure'>

function disabledOf(owners: readonly DevApp[], code: DenyCode): (Said & Pick<NearMiss, 'devApps'>) | undefined {
  const disabled = owners.filter(({ status }) => status === 'disabled')
  if (code !== 'devapp_disabled' && disabled.length < owners.length) return undefined
  const devApps = disabled.map(({ id }) => id)
  return {
    ...{ kind: 'devapp_disabled', devApps },
    message: `It is attached to ${wordsOf(disabled)}`,
    cure: `Enable ${devApps.join(' or ')}, or attach it to an enabled DevApp.`,
  }
}

/** Codes after which an operator may wonder whether the certificate was meant for production. */
const ofTheDevApp: ReadonlySet<DenyCode> = new Set(['devapp_disabled', 'product_not_selected', 'devapp_ambiguous'])

function wrongDevApp(owners: readonly DevApp[], named: DevApp | undefined, code: DenyCode): Said | undefined {
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
