import protobuf, { type Reader } from 'protobufjs/minimal.js'

/**
 * The fields of Envoy's `CheckRequest` that are read here, named and shaped as `generated/` has the whole message. The others, most of
 * what Envoy sends with each request, are passed over on the wire.
 */
export interface CheckRequestFields {
  readonly attributes: Attributes | null
}
interface Attributes {
  readonly source: Source | null
  readonly request: { readonly http: HttpRequest | null } | null
  readonly context_extensions: Texts
  readonly tls_session: { readonly sni: string } | null
}
interface Source {
  readonly address: Address | null
  readonly certificate: string
}
interface Address {
  readonly socket_address?: { readonly address: string } | null
}
export interface HttpRequest {
  readonly method: string
  readonly headers: Texts
  readonly path: string
  readonly host: string
  /** Where Envoy was told to hand bodies over as text. */
  readonly body: string
  /** Where it was told to hand them over as bytes: the part of the message that they are. */
  readonly raw_body: Uint8Array
}

/** What a message without the field has. */
const noBytes: Uint8Array = Buffer.alloc(0)
type Texts = Readonly<Record<string, string>>

/** Where a field is read to. */
type Into<Message> = { -readonly [Name in keyof Message]: Message[Name] }
/** What reads a field of a message, by its number in proto/; a field without one is passed over. */
type Fields<Message> = readonly (((message: Into<Message>, reader: Reader) => void) | undefined)[]

const socketAddressFields: Fields<{ readonly address: string }> = numbered({
  2: (message, reader) => {
    message.address = reader.string()
  },
})
const addressFields: Fields<Address> = numbered({
  1: (message, reader) => {
    message.socket_address = read(reader, socketAddressFields, { address: '' })
  },
})
const sourceFields: Fields<Source> = numbered({
  1: (message, reader) => {
    message.address = read(reader, addressFields, {})
  },
  5: (message, reader) => {
    message.certificate = reader.string()
  },
})
const httpFields: Fields<HttpRequest> = numbered({
  2: (message, reader) => {
    message.method = reader.string()
  },
  3: (message, reader) => readEntry(reader, message.headers),
  4: (message, reader) => {
    message.path = reader.string()
  },
  5: (message, reader) => {
    message.host = reader.string()
  },
  11: (message, reader) => {
    message.body = reader.string()
  },
  12: (message, reader) => {
    message.raw_body = reader.bytes()
  },
})
const requestFields: Fields<{ readonly http: HttpRequest | null }> = numbered({
  2: (message, reader) => {
    message.http = read(reader, httpFields, {
      ...{ method: '', headers: {}, path: '', host: '', body: '', raw_body: noBytes },
    })
  },
})
const tlsSessionFields: Fields<{ readonly sni: string }> = numbered({
  1: (message, reader) => {
    message.sni = reader.string()
  },
})
const attributeFields: Fields<Attributes> = numbered({
  1: (message, reader) => {
    message.source = read(reader, sourceFields, { address: null, certificate: '' })
  },
  4: (message, reader) => {
    message.request = read(reader, requestFields, { http: null })
  },
  10: (message, reader) => readEntry(reader, message.context_extensions),
  12: (message, reader) => {
    message.tls_session = read(reader, tlsSessionFields, { sni: '' })
  },
})
const checkRequestFields: Fields<CheckRequestFields> = numbered({
  1: (message, reader) => {
    const nothing = { source: null, request: null, context_extensions: {}, tls_session: null }
    message.attributes = read(reader, attributeFields, nothing)
  },
})

/**
 * Reads a `CheckRequest` as the whole decoder does: where a field that is there once is repeated, the last one counts. Throws on what
 * is no message as far as it is read.
 */
export function decodeCheckRequest(message: Buffer): CheckRequestFields {
  const reader = protobuf.Reader.create(message)
  return readFields(reader, reader.len, checkRequestFields, { attributes: null })
}

/** A table with an entry for every number up to the last. */
function numbered<Message>(fields: Readonly<Record<number, NonNullable<Fields<Message>[number]>>>): Fields<Message> {
  const last = Math.max(...Object.keys(fields).map(Number))
  return Array.from({ length: last + 1 }, (_, number) => fields[number])
}

/** Wire type 2 (LEN), which all that is read here has. */
const lengthDelimited = 2

function read<Message>(reader: Reader, fields: Fields<Message>, message: Into<Message>): Into<Message> {
  const end = endOf(reader)
  const outer = reader.len
  reader.len = end
  readFields(reader, end, fields, message)
  reader.len = outer
  return message
}

function readFields<Message>(
  reader: Reader,
  end: number,
  fields: Fields<Message>,
  message: Into<Message>,
): Into<Message> {
  while (reader.pos < end) {
    const tag = reader.uint32()
    const field = fields[tag >>> 3]
    if (field === undefined) reader.skipType(tag & 7)
    else if ((tag & 7) === lengthDelimited) field(message, reader)
    // Decoders differ in what they make of it, and Envoy sends none.
    else throw new RangeError(`field ${tag >>> 3} is of wire type ${tag & 7}`)
  }
  if (reader.pos !== end) throw new RangeError('index out of range')
  return message
}

/** One entry of a map<string, string>. */
function readEntry(reader: Reader, texts: Into<Texts>): void {
  const end = endOf(reader)
  let key = ''
  let value = ''
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) key = reader.string()
    else if (tag === 0x12) value = reader.string()
    else reader.skipType(tag & 7)
  }
  if (reader.pos !== end) throw new RangeError('index out of range')
  // Not the prototype of what it is put into.
  if (key === '__proto__')
    Object.defineProperty(texts, key, { value, enumerable: true, configurable: true, writable: true })
  else texts[key] = value
}

function endOf(reader: Reader): number {
  const end = reader.uint32() + reader.pos
  if (end > reader.len) throw new RangeError('index out of range')
  return end
}
