import type { Certificate } from '../certificate.ts'
import { type NearMiss, type NearMissKind, type Registration, type Registrations, wordsOf } from '../near_miss.ts'

type AlikeKind = Extract<NearMissKind, 'reissued' | 'other_issuer' | 'same_key' | 'other_serial' | 'newer_registered'>

/** What a leaf that is not registered nearly is, beside a registered one that it shares something with. */
export function alikeMiss(
  leaf: Certificate,
  { certificate, owners }: Registration,
  now: Date,
  registrations: Registrations,
): NearMiss {
  const registered = certificate.leaf
  const provenIssuer = registrations.isIssuedBy(leaf, certificate.chain[0])
  const sameKey = registrations.haveSameKey(leaf, registered)
  const kind = kindOf(leaf, registered, { provenIssuer, sameKey, now })
  const devApps = owners.map(({ id }) => id)
  const ids = devApps.join(', ')
  return {
    ...{ kind, devApps, sha256: registered.sha256, provenIssuer },
    message: `${wordsOf(owners)} ${owners.length === 1 ? 'has' : 'have'} ${heldInstead(kind, leaf, registered, provenIssuer)}`,
    cure: cureOf(kind, ids, registered, provenIssuer),
  }
}

function kindOf(
  leaf: Certificate,
  registered: Certificate,
  { provenIssuer, sameKey, now }: { readonly provenIssuer: boolean; readonly sameKey: boolean; readonly now: Date },
): AlikeKind {
  if (leaf.serialNumber === registered.serialNumber) return provenIssuer ? 'reissued' : 'other_issuer'
  if (now > leaf.notAfter && now <= registered.notAfter) return 'newer_registered'
  return sameKey ? 'same_key' : 'other_serial'
}

/** What the DevApps have in place of the leaf. */
function heldInstead(kind: AlikeKind, leaf: Certificate, registered: Certificate, provenIssuer: boolean): string {
  const itself = `serial number ${registered.serialNumber}, valid to ${registered.notAfter.toISOString()}`
  const sameName = leaf.issuer === registered.issuer
  switch (kind) {
    case 'reissued':
      return `a certificate of the same issuer and serial number with other bytes, sha256 ${registered.sha256}`
    case 'other_issuer': {
      const shared = leaf.commonNames.some((name) => registered.commonNames.includes(name)) ? ' and common name' : ''
      const issuer = sameName ? 'names the same issuer, whose key did not sign it' : `names ${leaf.issuer}`
      return `a certificate with the same serial number${shared}, issued by ${registered.issuer}; this one ${issuer}`
    }
    case 'newer_registered':
      return `a certificate that is still valid: ${itself}`
    case 'same_key':
      return `a certificate with the same key: ${itself}`
    case 'other_serial': {
      const other = sameName ? 'an issuer of the same name and another key' : `another issuer, ${registered.issuer}`
      return `a certificate of the same common name and ${provenIssuer ? 'the same issuer' : other}: ${itself}`
    }
  }
}

function cureOf(kind: AlikeKind, ids: string, registered: Certificate, provenIssuer: boolean): string {
  switch (kind) {
    case 'reissued':
      return `Present that one; or ask the CA why it used a serial number twice (RFC 5280 4.1.2.2), and attach this one to ${ids}.`
    case 'other_issuer':
      return `Present the certificate of ${registered.issuer}; or, once the third party confirmed that it changed its CA, attach this one to ${ids}.`
    case 'newer_registered':
      return 'Present that one: this one has expired.'
    case 'same_key':
      return `Renewed with its key? Attach this one to ${ids}.`
    case 'other_serial':
      return provenIssuer
        ? `Renewed? Attach this one to ${ids}.`
        : `Renewed at another CA? Once the third party confirmed it, attach this one to ${ids}.`
  }
}
