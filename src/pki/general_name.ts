import { type Der, DerError, explicitValue, tag } from './der.ts'
import { hexOf } from './der_values.ts'
import { readName, rfc4514Text } from './name.ts'
import { type PreparedName, preparedName } from './name_match.ts'

/** A GeneralName (RFC 5280 4.2.1.6). Those of the kind `other` carry nothing that is compared. */
export type GeneralName =
  | { readonly kind: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'directory'; readonly name: PreparedName; readonly text: string }
  | { readonly kind: 'other'; readonly number: number }

/** Throws DerError on what is none of the nine, and on a NUL, which would end the name early for whoever reads it as a C string. */
export function readGeneralName(element: Der): GeneralName {
  switch (element.tag) {
    case tag.contextPrimitive(1):
      return { kind: 'email', text: ia5Of(element) }
    case tag.contextPrimitive(2):
      return { kind: 'dns', text: ia5Of(element) }
    case tag.contextPrimitive(6):
      return { kind: 'uri', text: ia5Of(element) }
    case tag.contextPrimitive(7):
      return { kind: 'ip', octets: element.contents }
    case tag.context(4): {
      const name = readName(explicitSequence(element))
      return { kind: 'directory', name: preparedName(name), text: rfc4514Text(name) }
    }
    case tag.context(0): // otherName
    case tag.context(3): // x400Address
    case tag.context(5): // ediPartyName
    case tag.contextPrimitive(8): // registeredID
      return { kind: 'other', number: element.tag & 0x1f }
    default:
      throw new DerError('GeneralName: none of the nine')
  }
}

/** Whether two names are of one of the nine forms: only such are compared. */
export function isSameForm(a: GeneralName, b: GeneralName): boolean {
  return a.kind === b.kind && !(a.kind === 'other' && b.kind === 'other' && a.number !== b.number)
}

/** For people. */
export function generalNameText(name: GeneralName): string {
  switch (name.kind) {
    case 'ip':
      return `ip:${ipText(name.octets)}`
    case 'other':
      return `a name of kind [${name.number}]`
    default:
      return `${name.kind}:${name.text}`
  }
}

function ipText(octets: Uint8Array): string {
  return octets.length === 4 ? octets.join('.') : hexOf(octets).replace(/(....)(?=.)/g, '$1:')
}

/** An IA5String, or what is written in its place: names in other alphabets are in use, and compared with nothing. */
function ia5Of({ contents }: Der): string {
  if (contents.includes(0)) throw new DerError('GeneralName: a NUL')
  return Buffer.from(contents).toString('latin1')
}

/** Name is a CHOICE, which makes its tag explicit. */
function explicitSequence(element: Der): Der {
  const value = explicitValue(element)
  if (value.tag !== tag.sequence) throw new DerError('directoryName: no Name')
  return value
}
