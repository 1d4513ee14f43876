import { type Der, DerError, Fields, tag } from './der.ts'
import { booleanOf, octetStringOf, oidOf } from './der_values.ts'

/** RFC 5280 4.1.2.9. `value` is the contents of extnValue, not yet read as DER. */
export interface Extension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Uint8Array
}

/** By OID. */
export type Extensions = ReadonlyMap<string, Extension>

export const noExtensions: Extensions = new Map()

/** Reads a SEQUENCE OF Extension. Throws DerError on another structure, and on an extension that stands twice (4.2). */
export function readExtensions(element: Der | undefined): Extensions {
  const fields = new Fields(element, 'Extensions')
  const extensions = new Map<string, Extension>()
  for (let item = fields.optional(tag.sequence); item !== undefined; item = fields.optional(tag.sequence)) {
    const extension = readExtension(item)
    if (extensions.has(extension.oid)) throw new DerError(`the extension ${extension.oid} stands twice`)
    extensions.set(extension.oid, extension)
  }
  fields.end()
  return extensions
}

function readExtension(element: Der): Extension {
  const fields = new Fields(element, 'Extension')
  const oid = oidOf(fields.next(tag.oid))
  const critical = fields.optional(tag.boolean)
  const value = octetStringOf(fields.next(tag.octetString))
  fields.end()
  return { oid, critical: critical !== undefined && booleanOf(critical), value }
}

/** The first critical extension that is not one of `known`: what carries it must be refused (RFC 5280 4.2). */
export function unknownCritical(extensions: Extensions, known: ReadonlySet<string>): Extension | undefined {
  for (const extension of extensions.values()) {
    if (extension.critical && !known.has(extension.oid)) return extension
  }
  return undefined
}
