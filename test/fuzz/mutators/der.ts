import { chosen, type Edit, maxMutantBytes } from './edit.ts'

/** DER as a tree that may be changed into what no encoder writes. */
export interface Node {
  tag: number
  /** Of a constructed element, and of a string whose octets are DER themselves, as extnValue's. */
  children: Node[] | undefined
  value: Uint8Array
  /** Octets before the children: the unused bits of a BIT STRING. */
  lead: Uint8Array
  /** How the length is written, where that is not as DER has it. */
  length?: ((length: number) => Uint8Array) | undefined
}

const leaf = (tag: number, value: Uint8Array): Node => ({ tag, children: undefined, value, lead: nothing })
const nothing = new Uint8Array()

/** The elements that stand in `bytes`; `undefined` where they are not DER from the first octet to the last. */
export function elementsIn(bytes: Uint8Array, depth = 0): Node[] | undefined {
  const nodes: Node[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0
    const first = bytes[at + 1] ?? 0
    const octets = first < 0x80 ? 0 : first & 0x7f
    if ((tag & 0x1f) === 0x1f || first === 0x80 || octets > 3 || at + 2 + octets > bytes.length) return undefined
    let length = octets === 0 ? first : 0
    for (let i = 0; i < octets; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0)
    const from = at + 2 + octets
    if (from + length > bytes.length) return undefined
    const value = bytes.subarray(from, from + length)
    nodes.push({ ...leaf(tag, value), ...inside(tag, value, depth) })
    at = from + length
  }
  return nodes
}

function inside(tag: number, value: Uint8Array, depth: number): Partial<Node> {
  if (depth > 40) return {}
  if ((tag & 0x20) !== 0) return { children: elementsIn(value, depth + 1) }
  const lead = tag === 0x03 ? value.subarray(0, 1) : nothing
  const within = tag === 0x04 || tag === 0x03 ? value.subarray(lead.length) : nothing
  if (within.length < 2 || (within[0] !== 0x30 && within[0] !== 0x04)) return {}
  const children = elementsIn(within, depth + 1)
  return children === undefined ? {} : { children, lead }
}

/** In DER, but for what was made otherwise. */
export function encoded(node: Node): Buffer {
  const value = node.children === undefined ? [node.value] : [node.lead, ...node.children.map(encoded)]
  const body = Buffer.concat(value)
  return Buffer.concat([Buffer.of(node.tag), (node.length ?? derLength)(body.length), body])
}

function derLength(length: number): Uint8Array {
  if (length < 0x80) return Buffer.of(length)
  if (length < 0x100) return Buffer.of(0x81, length)
  if (length < 0x10000) return Buffer.of(0x82, length >> 8, length & 0xff)
  return Buffer.of(0x83, length >> 16, (length >> 8) & 0xff, length & 0xff)
}

/** A node and the list that it stands in. */
interface Place {
  readonly node: Node
  readonly siblings: Node[]
  readonly index: number
}

export function placesIn(siblings: Node[], found: Place[] = []): Place[] {
  siblings.forEach((node, index) => {
    found.push({ node, siblings, index })
    if (node.children !== undefined) placesIn(node.children, found)
  })
  return found
}

const tags = [
  ...[0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31],
  ...[0x00, 0x1f, 0x24, 0x80, 0x81, 0x82, 0x86, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xff],
]
const lengths: readonly ((length: number) => Uint8Array)[] = [
  () => Buffer.of(0x80),
  (length) => Buffer.of(0x84, 0, 0, length >> 8, length & 0xff),
  (length) => derLength(length + 1),
  (length) => derLength(Math.max(0, length - 1)),
  () => Buffer.of(0x84, 0xff, 0xff, 0xff, 0xff),
  () => Buffer.of(0xff),
  (length) => Buffer.of(0x81, length & 0xff),
]
const text = (words: string): Uint8Array => Buffer.from(words, 'latin1')
const values: readonly Uint8Array[] = [
  ...['', '\0', '\x01', '\x7f', '\x80', '\xff', '\0\0', '\0\x80', '\xff\xff', '\x80\0'].map(text),
  ...['\xff'.repeat(20), `\x01${'\0'.repeat(64)}`, '9'.repeat(40), ' '.repeat(300)].map(text),
  ...['20260615120000Z', '99991231235959Z', '00000101000000Z', '20260230000000Z', '260615120000Z'].map(text),
  ...['20260615120000.5Z', '20260615120000+0100', '491231235959Z', '500101000000Z', '2026061512Z'].map(text),
  ...['http://[::1]/', 'javascript:1', 'http://a\0b/', 'ldap://x/', '*.example.com', '\xc3\x28', '\ud83d\ude00'].map(
    text,
  ),
  ...['\x55\x1d\x25\0', '\x2b\x06\x01\x05\x05\x07\x03\x09', '\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05', '\x55\x04\x03'].map(
    text,
  ),
]

type Change = (place: Place, edit: Edit, all: readonly Place[]) => void

/** What can be done to an element. Every one leaves the lengths around it right, but those that are about lengths. */
const changes: readonly Change[] = [
  ({ node }, { by }) => void Object.assign(node, { tag: chosen(tags, by) }),
  ({ node }, { by }) => void Object.assign(node, { tag: node.tag ^ (1 << (by & 7)) }),
  ({ node }, { by }) => void Object.assign(node, { length: chosen(lengths, by) }),
  ({ siblings, index }) => void siblings.splice(index, 1),
  ({ siblings, index, node }) => void siblings.splice(index, 0, plain(node)),
  ({ siblings, index }, { by }) => {
    const other = by % siblings.length
    const [one, two] = [siblings[index] as Node, siblings[other] as Node]
    siblings[index] = two
    siblings[other] = one
  },
  ({ siblings, index }, { by }, all) => void siblings.splice(index, 1, plain(chosen(all, by).node)),
  ({ siblings, index }, { by }, all) => void siblings.splice(index, 0, plain(chosen(all, by).node)),
  ({ siblings, index, node }, { by }) => {
    let nested = node
    for (let i = 0; i <= by % 40; i++) nested = { ...leaf(by & 0x100 ? 0xa0 : 0x30, nothing), children: [nested] }
    siblings[index] = nested
  },
  ({ siblings, index, node }) => void siblings.splice(index, 1, ...(node.children ?? [node])),
  ({ node }, { by, bytes }) => setValue(node, spliced(octetsOf(node), by, bytes.length, bytes)),
  ({ node }, { by }) => {
    const value = Buffer.from(octetsOf(node))
    if (value.length > 0)
      value.writeUInt8(value.readUInt8((by >> 3) % value.length) ^ (1 << (by & 7)), (by >> 3) % value.length)
    setValue(node, value)
  },
  ({ node }, { by }) => setValue(node, chosen(values, by)),
  ({ node }, { by, bytes }) => setValue(node, spliced(octetsOf(node), by, 0, bytes)),
  ({ node }, { by }) => setValue(node, octetsOf(node).subarray(0, by % (octetsOf(node).length + 1))),
  ({ siblings, index, node }, { by }) => {
    const size = encoded(node).length
    const count = Math.min(1 + (by % 2_000), Math.floor(20_000 / size))
    siblings.splice(index, 0, ...Array.from({ length: count }, () => node))
  },
  ({ node }, { by }) => {
    const value = octetsOf(node)
    if (value.length > 0) setValue(node, Buffer.alloc(Math.min(20_000, value.length * (1 + (by % 500))), value))
  },
]

const octetsOf = (node: Node): Uint8Array =>
  node.children === undefined ? node.value : Buffer.concat([node.lead, ...node.children.map(encoded)])
const setValue = (node: Node, value: Uint8Array): void => void Object.assign(node, { value, children: undefined })
const plain = (node: Node): Node => ({ ...node, length: undefined, children: node.children?.map(plain) })

export function spliced(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Buffer {
  const from = at % (bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, from), inserted, bytes.subarray(from + removed)])
}

/** Changes the tree by these edits. One that would make it larger than any limit is left out. */
export function changeDer(roots: Node[], edits: readonly Edit[]): void {
  for (const edit of edits) {
    const all = placesIn(roots)
    if (all.length === 0 || all.length > 20_000) return
    const place = all[edit.at % all.length] as Place
    const before = roots.map(plain)
    chosen(changes, edit.kind)(place, edit, all)
    if (roots.reduce((sum, root) => sum + encoded(root).length, 0) > maxMutantBytes) {
      roots.splice(0, roots.length, ...before)
      return
    }
  }
}

/** The bytes with these changes. Where they are not DER, octets are replaced. */
export function changedDer(bytes: Uint8Array, edits: readonly Edit[], finish?: (root: Node) => void): Buffer {
  const roots = elementsIn(bytes)
  if (roots === undefined)
    return edits.reduce<Buffer>((changed, { at, by, bytes }) => spliced(changed, at, by % 4, bytes), Buffer.from(bytes))
  changeDer(roots, edits)
  if (roots.length === 1 && finish !== undefined) finish(roots[0] as Node)
  return Buffer.concat(roots.map(encoded))
}
