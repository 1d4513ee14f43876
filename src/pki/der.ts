/**
 * Strict DER (X.690 chapters 8, 10 and 11), read into a tree whose parts are views of the bytes given. It is written out here
 * because signed bytes must have one reading only: `asn1js` also takes BER, and ignores what follows the end.
 */

/** What is not DER, or not the structure that was asked for. Its message names the place and holds none of the bytes. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** What `read` returns, `undefined` where it finds DER that it cannot read. Any other error is thrown on. */
export function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof DerError) return undefined
    throw cause
  }
}

export interface Der {
  /** The identifier octet: class, constructed bit and number. */
  readonly tag: number
  /** The whole encoding. */
  readonly bytes: Uint8Array
  readonly contents: Uint8Array
  /** Of a constructed element, in order; a primitive one has none. */
  readonly children: readonly Der[]
}

/** Identifier octets of the universal types (X.680 8.6). */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  /** `[number]`, primitive: an implicit tag on a primitive type. */
  contextPrimitive: (number: number): number => 0x80 | number,
  /** `[number]`, constructed: an explicit tag, or an implicit one on a constructed type. */
  context: (number: number): number => 0xa0 | number,
} as const

const maxDepth = 32

/**
 * Reads one DER element that is all of `bytes`. Throws DerError on anything else: bytes after the end, an indefinite or
 * non-minimal length, a constructed string, a value not in its one DER form, nesting deeper than 32, more than `maxBytes`.
 * Tag numbers above 30 are refused too, since nothing that is read here uses them. The order of a SET OF and encoded DEFAULT
 * values are not judged: certificates in use have both.
 */
export function readDer(bytes: Uint8Array, maxBytes = 65_536): Der {
  if (bytes.length > maxBytes) throw new DerError(`${bytes.length} bytes are more than ${maxBytes}`)
  const element = readElement(bytes, 0, bytes.length, 1)
  if (element.bytes.length !== bytes.length) throw new DerError(`bytes after the end, at ${element.bytes.length}`)
  return element
}

function readElement(input: Uint8Array, start: number, limit: number, depth: number): Der {
  if (depth > maxDepth) throw new DerError(`nested deeper than ${maxDepth}`)
  const tag = octetAt(input, start, limit)
  if ((tag & 0x1f) === 0x1f) throw new DerError(`tag number above 30 at ${start}`)
  const { contentsAt, length } = readLength(input, start + 1, limit)
  const end = contentsAt + length
  if (end > limit) throw new DerError(`the element at ${start} ends outside its container`)

  const children: Der[] = []
  if ((tag & 0x20) !== 0) {
    for (let at = contentsAt; at < end; ) {
      const child = readElement(input, at, end, depth + 1)
      children.push(child)
      at += child.bytes.length
    }
  }
  const element = { tag, bytes: input.subarray(start, end), contents: input.subarray(contentsAt, end), children }
  const problem = (tag & 0xc0) === 0 ? problemOfUniversal(element) : undefined
  if (problem !== undefined) throw new DerError(`${problem} at ${start}`)
  return element
}

/** X.690 10.1: the definite form, in as few octets as possible. */
function readLength(input: Uint8Array, at: number, limit: number): { contentsAt: number; length: number } {
  const first = octetAt(input, at, limit)
  if (first < 0x80) return { contentsAt: at + 1, length: first }
  const octets = first & 0x7f
  if (octets === 0) throw new DerError(`indefinite length at ${at}`)
  if (octets > 4) throw new DerError(`length of ${octets} octets at ${at}`)
  let length = 0
  for (let i = 1; i <= octets; i++) length = length * 0x100 + octetAt(input, at + i, limit)
  if (length < 0x80 || length < 0x100 ** (octets - 1)) throw new DerError(`length not in its shortest form at ${at}`)
  return { contentsAt: at + 1 + octets, length }
}

function octetAt(input: Uint8Array, at: number, limit: number): number {
  const octet = at < limit ? input[at] : undefined
  if (octet === undefined) throw new DerError(`ends early, at ${at}`)
  return octet
}

/** Why an element of a universal type is not in its one DER form. */
function problemOfUniversal({ tag: identifier, contents }: Der): string | undefined {
  const constructed = (identifier & 0x20) !== 0
  const number = identifier & 0x1f
  if (number === 0) return 'end-of-contents'
  if (constructed !== constructedTypes.has(number)) return 'constructed bit wrong for the type'
  switch (identifier) {
    case tag.boolean:
      return contents.length === 1 && (contents[0] === 0 || contents[0] === 0xff) ? undefined : 'BOOLEAN not in DER'
    case tag.integer:
    case tag.enumerated:
      return isMinimalInteger(contents) ? undefined : 'INTEGER not in its shortest form'
    case tag.bitString:
      return isBitString(contents) ? undefined : 'BIT STRING not in DER'
    case tag.null:
      return contents.length === 0 ? undefined : 'NULL with contents'
    case tag.oid:
      return isOid(contents) ? undefined : 'OBJECT IDENTIFIER not in DER'
    default:
      return undefined
  }
}

/** EXTERNAL, EMBEDDED PDV, SEQUENCE, SET and unrestricted CHARACTER STRING; strings are primitive in DER (X.690 10.2). */
const constructedTypes: ReadonlySet<number> = new Set([8, 11, 16, 17, 29])

/** X.690 8.3.2: the first nine bits are neither all ones nor all zeros. */
function isMinimalInteger([first, second]: Uint8Array): boolean {
  if (first === undefined) return false
  if (second === undefined) return true
  return !(first === 0x00 && second < 0x80) && !(first === 0xff && second >= 0x80)
}

/** X.690 11.2.1: unused bits are zero. */
function isBitString(contents: Uint8Array): boolean {
  const unusedBits = contents[0]
  if (unusedBits === undefined || unusedBits > 7) return false
  if (contents.length === 1) return unusedBits === 0
  return ((contents[contents.length - 1] ?? 0) & ((1 << unusedBits) - 1)) === 0
}

/** X.690 8.19.2: whole subidentifiers, none beginning with 0x80. */
function isOid(contents: Uint8Array): boolean {
  let begins = true
  for (const octet of contents) {
    if (begins && octet === 0x80) return false
    begins = octet < 0x80
  }
  return contents.length > 0 && begins
}

/** The element, when it has that tag. Throws DerError otherwise. */
export function expectTag(element: Der | undefined, expected: number, what: string): Der {
  if (element?.tag !== expected) throw new DerError(`${what}: expected tag 0x${expected.toString(16)}`)
  return element
}

/** The children of a SEQUENCE (or of another constructed tag), to be taken in order. */
export class Fields {
  readonly #children: readonly Der[]
  readonly #what: string
  #at = 0

  /** Throws DerError when `element` is not of `expected`. `what` names the structure in errors. */
  constructor(element: Der | undefined, what: string, expected: number = tag.sequence) {
    this.#children = expectTag(element, expected, what).children
    this.#what = what
  }

  /** The next field, of whatever type. Throws DerError when there is none. */
  any(): Der {
    const child = this.#children[this.#at++]
    if (child === undefined) throw new DerError(`${this.#what}: a field is missing`)
    return child
  }

  /** The next field, which must have that tag. */
  next(expected: number): Der {
    return expectTag(this.any(), expected, this.#what)
  }

  /** The next field when it has that tag; otherwise it is left for the next call. */
  optional(expected: number): Der | undefined {
    const child = this.#children[this.#at]
    if (child?.tag !== expected) return undefined
    this.#at++
    return child
  }

  /** The only field that is left, of whatever type; `undefined` when none is. */
  last(): Der | undefined {
    const child = this.#children[this.#at++]
    this.end()
    return child
  }

  /** Throws DerError when fields are left. */
  end(): void {
    if (this.#at < this.#children.length) throw new DerError(`${this.#what}: an unexpected field`)
  }
}

/** The one element inside an explicit tag. */
export function explicitValue(element: Der): Der {
  const [value, ...others] = element.children
  if (value === undefined || others.length > 0) throw new DerError('an explicit tag holds one element')
  return value
}
