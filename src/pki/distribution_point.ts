import { type Der, DerError, explicitValue, Fields, readDer, tag } from './der.ts'
import { hexOf } from './der_values.ts'

/** How a distribution point is named (DistributionPointName, RFC 5280 4.2.1.13). */
export interface PointName {
  /** GeneralNames in DER, lower-case hex; none where the name is relative to the CRL issuer's. */
  readonly names: readonly string[]
  /** Those of them that are URIs, as text. */
  readonly urls: readonly string[]
}

/** A DistributionPoint of a certificate (RFC 5280 4.2.1.13). */
export interface DistributionPoint extends PointName {
  /** Whether its CRL covers some reasons only. */
  readonly hasReasons: boolean
  /** Whether somebody else than the certificate's issuer signs its CRL. */
  readonly hasCrlIssuer: boolean
}

/** What a CRL is about (IssuingDistributionPoint, RFC 5280 5.2.5). */
export interface IssuingDistributionPoint {
  /** `undefined` where the CRL is not of one point. */
  readonly name: PointName | undefined
  readonly onlyContainsUserCerts: boolean
  readonly onlyContainsCaCerts: boolean
  readonly onlySomeReasons: boolean
  readonly indirectCrl: boolean
  readonly onlyContainsAttributeCerts: boolean
}

/** Throws DerError on another structure. */
export function readDistributionPoint(element: Der): DistributionPoint {
  const fields = new Fields(element, 'DistributionPoint')
  const name = fields.optional(tag.context(0))
  const hasReasons = fields.optional(tag.contextPrimitive(1)) !== undefined
  const hasCrlIssuer = fields.optional(tag.context(2)) !== undefined
  fields.end()
  return { ...(name === undefined ? noName : readPointName(name)), hasReasons, hasCrlIssuer }
}

/** Reads the extension's value. Throws DerError on another structure. */
export function readIssuingDistributionPoint(extnValue: Uint8Array): IssuingDistributionPoint {
  const fields = new Fields(readDer(extnValue), 'IssuingDistributionPoint')
  const name = fields.optional(tag.context(0))
  const flag = (number: number): boolean => isSet(fields.optional(tag.contextPrimitive(number)))
  const point = {
    name: name && readPointName(name),
    onlyContainsUserCerts: flag(1),
    onlyContainsCaCerts: flag(2),
    onlySomeReasons: fields.optional(tag.contextPrimitive(3)) !== undefined,
    indirectCrl: flag(4),
    onlyContainsAttributeCerts: flag(5),
  }
  fields.end()
  return point
}

const noName: PointName = { names: [], urls: [] }

/** `[0]` around a CHOICE, which makes the tag explicit: fullName `[0]`, or nameRelativeToCRLIssuer `[1]`. */
function readPointName(element: Der): PointName {
  const name = explicitValue(element)
  if (name.tag === tag.context(1)) return noName
  if (name.tag !== tag.context(0)) throw new DerError('DistributionPointName: none of the two')
  if (name.children.length === 0) throw new DerError('fullName: empty')
  return { names: name.children.map(({ bytes }) => hexOf(bytes)), urls: name.children.flatMap(uriOf) }
}

/** The uniformResourceIdentifier of a GeneralName (RFC 5280 4.2.1.6); none for other kinds. */
function uriOf({ tag: kind, contents }: Der): string[] {
  return kind === tag.contextPrimitive(6) ? [Buffer.from(contents).toString('latin1')] : []
}

/** An implicitly tagged BOOLEAN, false where it is absent. */
function isSet(element: Der | undefined): boolean {
  if (element === undefined) return false
  const [octet, ...others] = element.contents
  if ((octet !== 0 && octet !== 0xff) || others.length > 0) throw new DerError('BOOLEAN not in DER')
  return octet === 0xff
}
