import { DerError, readDer } from './der.ts'
import { hexOf } from './der_values.ts'
import { type Attribute, type Name, readName } from './name.ts'

/** A name made ready to be compared (RFC 5280 7.1): one text for each RDN, in order. */
export type PreparedName = readonly string[]

/** Names are equal where their prepared forms are: string types, case and superfluous white space do not count. */
export function preparedName(name: Name): PreparedName {
  // The attributes of an RDN are a set (X.501 9.3).
  return name.map((rdn) => JSON.stringify(rdn.map(preparedAttribute).sort()))
}

/** Whether two Names in DER, hex, are equal by RFC 5280 7.1; what is no Name equals only itself. Never throws. */
export function isSameName(a: string, b: string): boolean {
  if (a === b) return true
  try {
    return isWithin(preparedFromHex(a), preparedFromHex(b), true)
  } catch (cause) {
    if (cause instanceof DerError) return false
    throw cause
  }
}

/** A text that is the same for names in DER, hex, that are equal by RFC 5280 7.1. Throws DerError where it is no Name. */
export function preparedNameText(name: string): string {
  return preparedFromHex(name).join(',')
}

/** Whether a name lies in the subtree of another: that stands at its beginning, or is all of it where it must be `whole`. */
export function isWithin(name: PreparedName, base: PreparedName, whole = false): boolean {
  if (whole ? name.length !== base.length : name.length < base.length) return false
  return base.every((rdn, i) => rdn === name[i])
}

const preparedFromHex = (der: string): PreparedName => preparedName(readName(readDer(Buffer.from(der, 'hex'))))

/** A value that is no text is compared octet by octet. */
function preparedAttribute({ type, value, text }: Attribute): string {
  return `${type}=${text === undefined ? `#${hexOf(value.bytes)}` : preparedText(text)}`
}

/** RFC 4518 2: mapped, case folded, normalized, and white space reduced to one space between words. */
export function preparedText(text: string): string {
  const mapped = text.replace(mappedToNothing, '').replace(mappedToSpace, ' ')
  // Upper case first: it alone writes out what lower case has two ways for, such as ß and ss.
  const folded = mapped.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
  return folded.replace(/ +/g, ' ').trim()
}

/** RFC 4518 2.2, from soft hyphens to what formats but does not print; white space is not among them. */
const mappedToNothing = /[\u034f\ufffc]|[\ufe00-\ufe0f\u180b-\u180d]|\p{Cf}|(?![\t-\r\u0085])\p{Cc}/gu
const mappedToSpace = /[\t-\r\u0085]|\p{Z}/gu
