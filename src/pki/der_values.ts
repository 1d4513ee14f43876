import { type Der, DerError, expectTag, tag } from './der.ts'

/** What primitive elements say. Each reader throws DerError when the element is not of its type, or is absent. */

/** The longest OIDs in use have some thirty octets; reading one takes time that grows with the square of its length. */
const maxOidOctets = 128

/** An OBJECT IDENTIFIER of at most 128 octets in dotted decimal. */
export function oidOf(element: Der | undefined): string {
  const { contents } = expectTag(element, tag.oid, 'OBJECT IDENTIFIER')
  if (contents.length > maxOidOctets) throw new DerError('OBJECT IDENTIFIER too long')
  const arcs: (number | bigint)[] = []
  let arc: number | bigint = 0
  for (const octet of contents) {
    // Arcs of UUIDs have 128 bits (X.667).
    arc =
      typeof arc === 'bigint' || arc >= 2 ** 45 ? BigInt(arc) * 128n + BigInt(octet & 0x7f) : arc * 128 + (octet & 0x7f)
    if (octet < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  const [first = 0, ...others] = arcs
  // X.690 8.19.4: the first subidentifier holds two arcs.
  const root = first < 40 ? 0 : first < 80 ? 1 : 2
  return [root, typeof first === 'bigint' ? first - 80n : first - root * 40, ...others].join('.')
}

/** The contents octets of an INTEGER in lower-case hex: `8001` is negative and is not `008001`. */
export function integerHexOf(element: Der | undefined): string {
  return hexOf(expectTag(element, tag.integer, 'INTEGER').contents)
}

/** An INTEGER or ENUMERATED from 0 to 2^31 - 1. Throws DerError on others. */
export function smallNumberOf(element: Der | undefined, type: number = tag.integer): number {
  const { contents } = expectTag(element, type, 'INTEGER')
  const value = Buffer.from(contents).readIntBE(0, Math.min(contents.length, 4))
  if (contents.length > 4 || value < 0) throw new DerError('INTEGER out of range')
  return value
}

export function booleanOf(element: Der | undefined): boolean {
  return expectTag(element, tag.boolean, 'BOOLEAN').contents[0] === 0xff
}

export function octetStringOf(element: Der | undefined): Uint8Array {
  return expectTag(element, tag.octetString, 'OCTET STRING').contents
}

/** A BIT STRING's octets, without the one that counts the unused bits. */
export function bitStringOf(element: Der | undefined): { octets: Uint8Array; unusedBits: number } {
  const { contents } = expectTag(element, tag.bitString, 'BIT STRING')
  return { octets: contents.subarray(1), unusedBits: contents[0] ?? 0 }
}

/** A BIT STRING of whole octets: a key, a signature. */
export function wholeOctetsOf(element: Der | undefined): Uint8Array {
  const { octets, unusedBits } = bitStringOf(element)
  if (unusedBits !== 0) throw new DerError('BIT STRING not of whole octets')
  return octets
}

/** Whether a named bit is set; a bit that is not encoded is not (X.690 11.2.2). */
export function hasBit(element: Der | undefined, bit: number): boolean {
  const octet = bitStringOf(element).octets[bit >> 3] ?? 0
  return (octet & (0x80 >> (bit & 7))) !== 0
}

/** A GeneralizedTime as RFC 5280 4.1.2.5.2 writes it: in seconds, and Z. Throws DerError on fractions and other zones. */
export function generalizedTimeOf(element: Der | undefined): Date {
  return timeOf(textOf(expectTag(element, tag.generalizedTime, 'GeneralizedTime')))
}

/** The Time of a certificate or CRL: UTCTime, where 50 to 99 are years of the 1900s (RFC 5280 4.1.2.5.1), or GeneralizedTime. */
export function certificateTimeOf(element: Der | undefined): Date {
  if (element?.tag !== tag.utcTime) return generalizedTimeOf(element)
  const text = textOf(element)
  return timeOf(`${text >= '5' ? '19' : '20'}${text}`)
}

function timeOf(text: string): Date {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (match === null) throw new DerError('time not as YYYYMMDDHHMMSSZ')
  const [, year, month, day, hour, minute, second] = match
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const time = new Date(iso)
  // Date takes 30 February for 2 March.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== iso) throw new DerError('no such time')
  return time
}

const textOf = ({ contents }: Der): string => Buffer.from(contents).toString('latin1')

/** Lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
