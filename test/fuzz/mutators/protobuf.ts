import { spliced } from './der.ts'
import { chosen, type Edit, maxMutantBytes } from './edit.ts'

/** A message on the wire: fields in their order, with what looks like messages read as such. */
export interface Field {
  number: number
  wireType: number
  /** Of wire type 2: octets, or the fields within. */
  value: Uint8Array | Field[]
}

/** `undefined` where the octets are no message from the first to the last. */
export function fieldsIn(bytes: Uint8Array, depth = 0): Field[] | undefined {
  const fields: Field[] = []
  for (let at = 0; at < bytes.length; ) {
    const key = varintAt(bytes, at)
    if (key === undefined || key.value >> 3 === 0) return undefined
    at = key.end
    const wireType = key.value & 7
    const field = { number: key.value >> 3, wireType }
    const length = lengthAt(bytes, at, wireType)
    if (length === undefined || length.from + length.size > bytes.length) return undefined
    const value = bytes.subarray(length.from, length.from + length.size)
    const within = wireType === 2 && depth < 12 && value.length > 1 ? fieldsIn(value, depth + 1) : undefined
    fields.push({ ...field, value: within ?? value })
    at = length.from + length.size
  }
  return fields
}

function lengthAt(bytes: Uint8Array, at: number, wireType: number): { from: number; size: number } | undefined {
  if (wireType === 0) return { from: at, size: (varintAt(bytes, at)?.end ?? Number.POSITIVE_INFINITY) - at }
  if (wireType === 1) return { from: at, size: 8 }
  if (wireType === 5) return { from: at, size: 4 }
  if (wireType !== 2) return undefined
  const length = varintAt(bytes, at)
  return length && { from: length.end, size: length.value }
}

function varintAt(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0
  for (let i = 0; i < 4; i++) {
    const octet = bytes[at + i]
    if (octet === undefined) return undefined
    value |= (octet & 0x7f) << (7 * i)
    if (octet < 0x80) return { value, end: at + i + 1 }
  }
  return undefined
}

export function encodedFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ number, wireType, value }) => {
      const body = Array.isArray(value) ? encodedFields(value) : value
      return [varint((number << 3) | wireType), ...(wireType === 2 ? [varint(body.length)] : []), body]
    }),
  )
}

function varint(value: number): Buffer {
  const octets: number[] = []
  for (let rest = value >>> 0; ; rest >>>= 7) {
    octets.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
    if (rest <= 0x7f) return Buffer.from(octets)
  }
}

interface Place {
  readonly field: Field
  readonly siblings: Field[]
  readonly index: number
}

export function placesIn(siblings: Field[], found: Place[] = []): Place[] {
  siblings.forEach((field, index) => {
    found.push({ field, siblings, index })
    if (Array.isArray(field.value)) placesIn(field.value, found)
  })
  return found
}

const octetsOf = ({ value }: Field): Uint8Array => (Array.isArray(value) ? encodedFields(value) : value)

/** The message with these changes: fields removed, repeated, swapped, moved, nested, renumbered, of another type, or of another value. */
export function changedProtobuf(bytes: Uint8Array, edits: readonly Edit[], words: readonly Uint8Array[]): Buffer {
  const fields = fieldsIn(bytes) ?? []
  for (const edit of edits) {
    const all = placesIn(fields)
    if (all.length === 0) break
    const place = all[edit.at % all.length] as Place
    change(place, edit, all, words)
  }
  const last = edits.at(-1)
  const whole = encodedFields(fields)
  const cut = last !== undefined && last.kind % 23 === 22 ? spliced(whole, last.at, last.by % 5, last.bytes) : whole
  return cut.subarray(0, 40 * maxMutantBytes)
}

function change(
  { field, siblings, index }: Place,
  { kind, by, bytes }: Edit,
  all: readonly Place[],
  words: readonly Uint8Array[],
): void {
  const other = chosen(all, by)
  switch (kind % 11) {
    case 0:
      return void siblings.splice(index, 1)
    case 1:
      return void siblings.splice(index, 0, structuredClone(field))
    case 2:
      return void Object.assign(field, { value: structuredClone(other.field.value) })
    case 3:
      return void siblings.push(structuredClone(other.field))
    case 4:
      return void Object.assign(field, { number: 1 + (by % 20) })
    case 5:
      return void Object.assign(field, { wireType: by % 8 })
    case 6:
    case 7:
      return void Object.assign(field, { value: chosen(words, by) })
    case 8:
      return void Object.assign(field, { value: spliced(octetsOf(field), by, bytes.length, bytes) })
    case 9:
      return void Object.assign(field, {
        value: Buffer.alloc(Math.min(300_000, octetsOf(field).length * (1 + (by % 2_000))), octetsOf(field)),
      })
    default:
      return void Object.assign(field, {
        value: [{ number: field.number, wireType: 2, value: structuredClone(field.value) }],
      })
  }
}
