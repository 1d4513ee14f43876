import { type Certificate, keyPurpose } from '../domain/certificate.ts'
import { pathExtensionsOf } from '../pki/path_extensions.ts'
import type { PlacedCertificate } from './chain_file.ts'
import { finding, type Place } from './chain_problems.ts'
import type { ChainFinding } from './chain_report.ts'
import { problemOfKey } from './key_rules.ts'

export const placeOf = ({ position, certificate }: PlacedCertificate): Place => ({
  position,
  subject: certificate.subject,
})

/** What the gateway asks of a leaf beyond RFC 5280: names and numbers that tell it from others, and what Envoy asks of it. */
export function problemsOfLeaf(leaf: PlacedCertificate): readonly ChainFinding[] {
  return [
    ...problemsOfCommonName(leaf),
    ...problemsOfSerial(leaf),
    ...problemsOfStrength(leaf, true),
    ...problemsOfUse(leaf),
  ]
}

/**
 * What it asks of a CA. Roots with the serial number zero are in use, and nobody looks a root up by its number: `isRoot` spares
 * them.
 */
export function problemsOfIssuer(authority: PlacedCertificate, isRoot: boolean): readonly ChainFinding[] {
  const { extendedKeyUsage: purposes } = authority.certificate
  const unfit = purposes !== undefined && !purposes.some((purpose) => issuingPurposes.has(purpose))
  return [
    ...(isRoot ? [] : problemsOfSerial(authority)),
    ...problemsOfStrength(authority, false),
    ...(unfit ? [finding('issuer_not_for_client_authentication', placeOf(authority), {})] : []),
  ]
}

/** In a CA's certificate any purpose stands for all of them (RFC 5280 4.2.1.12). */
const issuingPurposes: ReadonlySet<string> = new Set([keyPurpose.clientAuth, keyPurpose.any])

function problemsOfCommonName(leaf: PlacedCertificate): ChainFinding[] {
  const { length } = leaf.certificate.commonNames
  if (length === 1) return []
  if (length === 0) return [finding('common_name_missing', placeOf(leaf), {})]
  return [finding('common_name_repeated', placeOf(leaf), { count: String(length) })]
}

/** RFC 5280 4.1.2.2: positive, and of 20 octets at most; the octet that only keeps a number positive is not counted. */
function problemsOfSerial(placed: PlacedCertificate): ChainFinding[] {
  const { serialNumber } = placed.certificate
  if (serialNumber === '00') return [finding('serial_zero', placeOf(placed), {})]
  if (Number.parseInt(serialNumber.slice(0, 2), 16) >= 0x80) return [finding('serial_negative', placeOf(placed), {})]
  const octets = serialNumber.replace(/^00/, '').length / 2
  return octets > 20 ? [finding('serial_too_long', placeOf(placed), { octets: String(octets) })] : []
}

function problemsOfStrength(placed: PlacedCertificate, isLeaf: boolean): ChainFinding[] {
  const problem = problemOfKey(placed.certificate, isLeaf)
  return problem === undefined ? [] : [finding(problem.code, placeOf(placed), { key: problem.key })]
}

/** As Envoy has it: an absent extension allows everything, and anyExtendedKeyUsage nothing. */
function problemsOfUse(leaf: PlacedCertificate): ChainFinding[] {
  const { extendedKeyUsage: purposes } = leaf.certificate
  const keyUsage = pathExtensionsOf(leaf.certificate)?.keyUsage
  return [
    ...(purposes === undefined || purposes.includes(keyPurpose.clientAuth)
      ? []
      : [finding('not_for_client_authentication', placeOf(leaf), {})]),
    ...(keyUsage === undefined || keyUsage.digitalSignature ? [] : [finding('key_usage', placeOf(leaf), {})]),
  ]
}

/** Whether Envoy takes the common name for the name of a host, which it lets nobody have where CAs constrain names. */
export function hasHostNameOnlyAsCommonName(leaf: Certificate): boolean {
  const alternativeNames = pathExtensionsOf(leaf)?.subjectAltNames ?? []
  return alternativeNames.length === 0 && leaf.commonNames.some((name) => hostName.test(name))
}

const hostName =
  /^(\*\.)?[A-Za-z0-9_:]([A-Za-z0-9_:-]*[A-Za-z0-9_:])?(\.[A-Za-z0-9_:]([A-Za-z0-9_:-]*[A-Za-z0-9_:])?)*$/
