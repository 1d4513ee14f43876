/** CRLs made on the spot (RFC 5280 5), legal ones and others: every part can be replaced by what no honest CA would publish. */
import { der, fixedNow, type IssuedCertificate, type SignatureKind, signer } from './pki.ts'

export interface CrlEntryOptions {
  /** Contents octets of the INTEGER in hex, written as they are. */
  serialNumber: string
  /** Default: two hours before `fixedNow`. */
  revokedAt?: Date
  /** CRLReason; default none. */
  reason?: number
  extensions?: CrlExtensionOptions[]
}

export interface CrlExtensionOptions {
  oid: string
  critical?: boolean
  value?: Uint8Array
}

export interface IssuingDistributionPointOptions {
  /** URIs of the fullName. */
  urls?: string[]
  /** In place of `urls`: a whole DistributionPointName. */
  name?: Uint8Array
  onlyContainsUserCerts?: boolean
  onlyContainsCaCerts?: boolean
  onlySomeReasons?: Uint8Array
  indirectCrl?: boolean
  onlyContainsAttributeCerts?: boolean
}

export interface CrlOptions {
  /** Whose name it bears, and whose key signs it. */
  issuer: Pick<IssuedCertificate, 'subjectDer' | 'keyPair'>
  revoked?: CrlEntryOptions[]
  /** In place of `revoked`: the contents octets of revokedCertificates, which stands there even when they are none. */
  entries?: Uint8Array
  /** Default: an hour before `fixedNow`. */
  thisUpdate?: Date
  /** Default: 23 hours after `fixedNow`. `undefined`, said explicitly, leaves it out. */
  nextUpdate?: Date | undefined
  /** cRLNumber; default 1. `undefined`, said explicitly, leaves it out. */
  number?: number | undefined
  issuingDistributionPoint?: IssuingDistributionPointOptions | Uint8Array
  extensions?: CrlExtensionOptions[]
  /** The INTEGER as it stands: 1 is version 2. `undefined`, said explicitly, leaves it out. */
  version?: number | undefined
  signature?: SignatureKind
  /** The AlgorithmIdentifier. Default: of the algorithm that signs. */
  algorithm?: Uint8Array
  /** The one inside of what is signed. Default: as outside. */
  innerAlgorithm?: Uint8Array
}

const hourMs = 3_600_000

/** A CertificateList in DER. Without options: nothing is revoked, for all of the issuer's certificates. */
export function crl(options: CrlOptions): Buffer {
  const { sign, ...signing } = signer(options.issuer.keyPair.privateKey, options.signature)
  const algorithm = options.algorithm ?? signing.algorithm
  const tbs = tbsCertList(options, algorithm)
  return large(0x30, tbs, algorithm, der.bitString(sign(tbs)))
}

function tbsCertList(options: CrlOptions, algorithm: Uint8Array): Buffer {
  const version = 'version' in options ? options.version : 1
  const nextUpdate = 'nextUpdate' in options ? options.nextUpdate : new Date(fixedNow.getTime() + 23 * hourMs)
  const entries = options.entries ?? Buffer.concat((options.revoked ?? []).map(crlEntry))
  const extensions = extensionsOf(options)
  return large(
    0x30,
    ...(version === undefined ? [] : [der.smallInteger(version)]),
    options.innerAlgorithm ?? algorithm,
    options.issuer.subjectDer,
    der.time(options.thisUpdate ?? new Date(fixedNow.getTime() - hourMs)),
    ...(nextUpdate === undefined ? [] : [der.time(nextUpdate)]),
    ...(options.entries !== undefined || entries.length > 0 ? [large(0x30, entries)] : []),
    ...(extensions.length > 0 ? [der.explicit(0, der.sequence(...extensions))] : []),
  )
}

/** An entry of revokedCertificates. */
export function crlEntry({ serialNumber, revokedAt, reason, extensions = [] }: CrlEntryOptions): Buffer {
  const written = [
    ...(reason === undefined ? [] : [{ oid: '2.5.29.21', value: der.enumerated(reason) }]),
    ...extensions,
  ].map(extension)
  return der.sequence(
    der.integer(serialNumber),
    der.time(revokedAt ?? new Date(fixedNow.getTime() - 2 * hourMs)),
    ...(written.length > 0 ? [der.sequence(...written)] : []),
  )
}

function extensionsOf(options: CrlOptions): Buffer[] {
  const number = 'number' in options ? options.number : 1
  const { issuingDistributionPoint: point } = options
  return [
    ...(number === undefined ? [] : [{ oid: '2.5.29.20', value: der.integer(positiveHex(number)) }]),
    ...(point === undefined
      ? []
      : [{ oid: '2.5.29.28', critical: true, value: point instanceof Uint8Array ? point : pointValue(point) }]),
    ...(options.extensions ?? []),
  ].map(extension)
}

const extension = ({ oid, critical = false, value = der.null() }: CrlExtensionOptions): Buffer =>
  der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value))

const positiveHex = (number: number): string => {
  const hex = number.toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return even >= '8' ? `00${even}` : even
}

export const fullName = (...urls: string[]): Buffer =>
  der.explicit(0, ...urls.map((url) => der.implicit(6, Buffer.from(url, 'latin1'))))

function pointValue(options: IssuingDistributionPointOptions): Buffer {
  const name = options.name ?? (options.urls && fullName(...options.urls))
  const flag = (tag: number, value: boolean | undefined): Buffer[] =>
    value === undefined ? [] : [der.implicit(tag, Buffer.of(value ? 0xff : 0))]
  return der.sequence(
    ...(name === undefined ? [] : [der.explicit(0, name)]),
    ...flag(1, options.onlyContainsUserCerts),
    ...flag(2, options.onlyContainsCaCerts),
    ...(options.onlySomeReasons === undefined ? [] : [der.implicit(3, options.onlySomeReasons)]),
    ...flag(4, options.indirectCrl),
    ...flag(5, options.onlyContainsAttributeCerts),
  )
}

/** Like `der.tlv`, for up to 4 GiB. */
function large(tag: number, ...contents: Uint8Array[]): Buffer {
  const length = contents.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (length < 0x10000) return der.tlv(tag, ...contents)
  const hex = length.toString(16)
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 | octets.length), octets, ...contents])
}

/**
 * The contents of revokedCertificates with `count` entries, each with a reason: serial numbers of 16 octets, the count in the last
 * four, written without an object for each.
 */
export function manyEntries(count: number): Buffer {
  const template = crlEntry({ serialNumber: `5a${'3c'.repeat(11)}00000000`, reason: 4 })
  const serialEnd = 4 + 16
  const entries = Buffer.alloc(count * template.length)
  for (let i = 0; i < count; i++) {
    template.copy(entries, i * template.length)
    entries.writeUInt32BE(i, i * template.length + serialEnd - 4)
  }
  return entries
}

/** The serial number of the entry at `index`, hex. */
export const manySerial = (index: number): string => `5a${'3c'.repeat(11)}${index.toString(16).padStart(8, '0')}`
