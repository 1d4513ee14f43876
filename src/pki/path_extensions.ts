import type { Certificate } from '../domain/certificate.ts'
import { type PolicyExtensions, readPolicyExtensions } from './certificate_policies.ts'
import { DerError, expectTag, Fields, orUndefined, readDer, tag } from './der.ts'
import { booleanOf, hasBit, smallNumberOf } from './der_values.ts'
import type { Extensions } from './extensions.ts'
import { type GeneralName, readGeneralName } from './general_name.ts'
import { type KeyIdentifiers, readKeyIdentifiers } from './key_identifiers.ts'
import { type NameConstraints, readNameConstraints } from './name_constraints.ts'
import { readX509 } from './x509.ts'

export const extensionOid = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const

/**
 * Critical ones that are not here make a path invalid (RFC 5280 6.1.4 (o) and 6.1.5 (f)). Envoy knows the same ones: others that
 * mean nothing to a path, such as key identifiers, are never critical (4.2.1.1, 4.2.1.2, 4.2.2.1).
 */
export const processedExtensions: ReadonlySet<string> = new Set([
  extensionOid.keyUsage,
  extensionOid.subjectAltName,
  extensionOid.basicConstraints,
  extensionOid.nameConstraints,
  extensionOid.certificatePolicies,
  extensionOid.policyMappings,
  extensionOid.policyConstraints,
  extensionOid.extendedKeyUsage,
  extensionOid.inhibitAnyPolicy,
])

/** What a path is judged by, beside names, times and signatures. */
export interface PathExtensions {
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined
  /** `undefined` where the extension is absent, which permits every use. */
  readonly keyUsage: KeyUsage | undefined
  readonly subjectAltNames: readonly GeneralName[]
  readonly nameConstraints: NameConstraints | undefined
  readonly keyIdentifiers: KeyIdentifiers
  readonly policies: PolicyExtensions
}

export interface KeyUsage {
  readonly digitalSignature: boolean
  readonly keyAgreement: boolean
  readonly keyCertSign: boolean
}

/** Throws DerError where one of them has another structure than RFC 5280 4.2.1 gives it. */
export function readPathExtensions(extensions: Extensions): PathExtensions {
  const bytesOf = (oid: string): Uint8Array | undefined => extensions.get(oid)?.value
  const constraints = bytesOf(extensionOid.nameConstraints)
  return {
    basicConstraints: basicConstraintsIn(bytesOf(extensionOid.basicConstraints)),
    keyUsage: keyUsageIn(bytesOf(extensionOid.keyUsage)),
    subjectAltNames: alternativeNamesIn(bytesOf(extensionOid.subjectAltName)),
    nameConstraints: constraints && readNameConstraints(constraints),
    keyIdentifiers: readKeyIdentifiers(extensions),
    policies: readPolicyExtensions(extensions),
  }
}

/** RFC 5280 4.2.1.9. A path length beyond all paths is as good as none. */
function basicConstraintsIn(extnValue: Uint8Array | undefined): PathExtensions['basicConstraints'] {
  if (extnValue === undefined) return undefined
  const fields = new Fields(readDer(extnValue), 'BasicConstraints')
  const ca = fields.optional(tag.boolean)
  const pathLength = fields.optional(tag.integer)
  fields.end()
  const isCa = ca !== undefined && booleanOf(ca)
  if (pathLength !== undefined && !isCa) throw new DerError('BasicConstraints: a path length without a CA')
  return { ca: isCa, pathLength: pathLength && smallNumberOf(pathLength) }
}

/** RFC 5280 4.2.1.3 */
function keyUsageIn(extnValue: Uint8Array | undefined): KeyUsage | undefined {
  if (extnValue === undefined) return undefined
  const bits = readDer(extnValue)
  return { digitalSignature: hasBit(bits, 0), keyAgreement: hasBit(bits, 4), keyCertSign: hasBit(bits, 5) }
}

/** RFC 5280 4.2.1.6 */
function alternativeNamesIn(extnValue: Uint8Array | undefined): readonly GeneralName[] {
  if (extnValue === undefined) return []
  const names = expectTag(readDer(extnValue), tag.sequence, 'SubjectAltName').children.map(readGeneralName)
  if (names.length === 0) throw new DerError('SubjectAltName: empty')
  return names
}

/** What the certificate says; `undefined` where one of the extensions cannot be read. Never throws. */
export function pathExtensionsOf(certificate: Certificate): PathExtensions | undefined {
  return orUndefined(() => readPathExtensions(readX509(certificate.der).extensions))
}

/** Whether the certificate says that it is a CA's (RFC 5280 4.2.1.9). Never throws: what cannot be read says nothing. */
export function isAuthority(certificate: Certificate): boolean {
  const { extensions } = readX509(certificate.der)
  return orUndefined(() => basicConstraintsIn(extensions.get(extensionOid.basicConstraints)?.value))?.ca === true
}
