import { type Der, DerError, expectTag, Fields, tag } from './der.ts'
import { hexOf, oidOf } from './der_values.ts'

export interface Attribute {
  readonly type: string
  readonly value: Der
  /** `undefined` for a value that is no character string, or not one of its type. */
  readonly text: string | undefined
}

/** Relative distinguished names, in order, each with its attributes. */
export type Name = readonly (readonly Attribute[])[]

/** Reads the RDNSequence of RFC 5280 4.1.2.4. Throws DerError on anything else, and on a NUL in a value. */
export function readName(name: Der): Name {
  return name.children.map((rdn) => {
    const attributes = expectTag(rdn, tag.set, 'RelativeDistinguishedName').children.map(readAttribute)
    if (attributes.length === 0) throw new DerError('RelativeDistinguishedName: empty')
    return attributes
  })
}

function readAttribute(element: Der): Attribute {
  const fields = new Fields(element, 'AttributeTypeAndValue')
  const type = oidOf(fields.any())
  const value = fields.any()
  fields.end()
  const text = characterStringOf(value)
  // A name that ends early for whoever reads it as a C string.
  if (text?.includes('\0')) throw new DerError('a NUL in a name')
  return { type, value, text }
}

/** The same text is equal in whatever string type: nothing is folded or trimmed. */
function characterStringOf({ tag: type, contents }: Der): string | undefined {
  const bytes = Buffer.from(contents)
  try {
    switch (type) {
      case tag.utf8String:
        return utf8.decode(bytes)
      case tag.bmpString:
        return utf16.decode(bytes)
      case tag.teletexString: // written as Latin-1, whatever T.61 says
        return bytes.toString('latin1')
      case tag.printableString:
      case tag.ia5String:
        return bytes.every((octet) => octet < 0x80) ? bytes.toString('latin1') : undefined
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const utf16 = new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true })

/**
 * The values of the attributes of a type, in order; `what` names it in the error. Throws DerError on control characters, since
 * these texts go into headers.
 */
export function textsOf(name: Name, type: string, what: string): string[] {
  return name.flat().flatMap((attribute) => {
    if (attribute.type !== type) return []
    if (attribute.text === undefined || /\p{Cc}/u.test(attribute.text)) throw new DerError(`${what}: not plain text`)
    return attribute.text
  })
}

/** The name as RFC 4514 writes it for people: the last RDN first. */
export function rfc4514Text(name: Name): string {
  return name
    .map((rdn) => rdn.map(attributeText).join('+'))
    .reverse()
    .join(',')
}

function attributeText({ type, value, text }: Attribute): string {
  const keyword = keywords[type]
  // RFC 4514 2.4: a value without a string form, or of a type without a name, is its DER in hex.
  return keyword === undefined || text === undefined ? `${type}=#${hexOf(value.bytes)}` : `${keyword}=${escaped(text)}`
}

/** RFC 4514 2.4, and control characters too: the text is printed on terminals. */
function escaped(text: string): string {
  return text
    .replace(/["+,;<>\\]|^[ #]| $/g, '\\$&')
    .replace(/\p{Cc}/gu, (control) => Buffer.from(control).toString('hex').replace(/../g, '\\$&'))
}

const keywords: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
}
