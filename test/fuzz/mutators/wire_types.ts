import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'

const protos = fileURLToPath(new URL('../../../proto', import.meta.url))

/** A message type of proto/, by the file that has it. */
export function messageType(file: string, name: string): protobuf.Type {
  const root = new protobuf.Root()
  root.resolvePath = (_, path) => join(protos, path)
  return root.loadSync(file).lookupType(name)
}

/**
 * Whether each field that the type knows comes with the wire type of its declaration. What comes with another is an unknown field
 * by the encoding's own rules, and protobufjs reads it all the same.
 */
export function hasDeclaredWireTypes(type: protobuf.Type, octets: Uint8Array): boolean {
  try {
    return isDeclared(octets, (id) => type.fieldsById[id]?.resolve())
  } catch {
    return false
  }
}

function isDeclared(octets: Uint8Array, fieldOf: (id: number) => protobuf.Field | undefined): boolean {
  const reader = protobuf.Reader.create(octets)
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const field = fieldOf(tag >>> 3)
    if (field !== undefined && (tag & 7) !== wireTypeOf(field)) return false
    if (field === undefined || !isNested(field)) reader.skipType(tag & 7)
    else if (!isDeclared(reader.bytes(), within(field))) return false
  }
  return true
}

const lengthDelimited = 2
const isNested = (field: protobuf.Field): boolean => field.map || field.resolvedType instanceof protobuf.Type

function wireTypeOf(field: protobuf.Field): number {
  if (isNested(field) || field.packed) return lengthDelimited
  return field.resolvedType === null ? (protobuf.types.basic[field.type as 'string'] ?? 0) : 0
}

/** The fields of a message, or those of an entry of a map. */
function within(field: protobuf.Field): (id: number) => protobuf.Field | undefined {
  if (!(field instanceof protobuf.MapField)) {
    const type = field.resolvedType as protobuf.Type
    return (id) => type.fieldsById[id]?.resolve()
  }
  const key = new protobuf.Field('key', 1, field.keyType)
  const value = new protobuf.Field('value', 2, field.type)
  value.resolvedType = field.resolvedType
  return (id) => (id === 1 ? key : id === 2 ? value : undefined)
}
