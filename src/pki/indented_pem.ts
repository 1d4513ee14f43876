/** Where a block ends, and where what it holds does. */
export interface IndentedBlock {
  /** Behind its last line feed. */
  readonly end: number
  /** Behind the last octet of DER. */
  readonly freeAt: number
}

const begin = Buffer.from('-----BEGIN CERTIFICATE-----\n')
const end = Buffer.from('-----END CERTIFICATE-----')
const lineFeed = 0x0a
const space = 0x20
const hyphen = 0x2d
/** RFC 7468 2. */
const lineLength = 64

/**
 * Reads one CERTIFICATE block (RFC 7468 3, strict) that begins at `at`, each line after so many spaces, into `der` from `free` on.
 * `undefined` for everything else: another layout, what is no canonical base64, and more than `der` has room for.
 */
export function readIndentedPem(
  bytes: Buffer,
  at: number,
  indent: number,
  der: Buffer,
  free = 0,
): IndentedBlock | undefined {
  const body = afterMarker(bytes, at, indent, begin)
  if (body === undefined) return undefined
  let line = body
  let characters = 0
  for (;;) {
    for (let i = 0; i < indent; i++) if (bytes[line + i] !== space) return undefined
    if (bytes[line + indent] === hyphen) break
    // No line but the last is shorter.
    if (characters % lineLength !== 0) return undefined
    const whole = line + indent + lineLength
    // Of a line with fewer characters the end marker may end there.
    const isWhole = bytes[whole] === lineFeed && bytes[whole - 1] !== hyphen
    const lineEnd = isWhole ? whole : bytes.indexOf(lineFeed, line)
    if (lineEnd <= line + indent) return undefined
    characters += lineEnd - line - indent
    line = lineEnd + 1
  }
  const last = afterMarker(bytes, line, indent, end)
  if (last === undefined || (last < bytes.length && bytes[last] !== lineFeed)) return undefined
  const length = octetsOf(bytes.toString('latin1', body, line - 1), characters, der, free)
  return length === undefined ? undefined : { end: Math.min(last + 1, bytes.length), freeAt: free + length }
}

/** How many octets the lines hold, which are written from `free` on; so many of their characters are to be base64. */
function octetsOf(lines: string, characters: number, der: Buffer, free: number): number | undefined {
  if (characters === 0 || characters % 4 !== 0) return undefined
  const padding = lines.endsWith('==') ? 2 : lines.endsWith('=') ? 1 : 0
  const length = (characters / 4) * 3 - padding
  // What is no base64 is passed over, so that less comes out; but for an alphabet that PEM does not have (RFC 4648 5).
  if (free + length > der.length || lines.includes('-') || lines.includes('_')) return undefined
  if (der.write(lines, free, length + 1, 'base64') !== length) return undefined
  // Bits that stand for nothing are zero (RFC 4648 3.5): the way back tells.
  const written = free + length
  const isCanonical = padding === 0 || lines.endsWith(der.toString('base64', written - (length % 3), written))
  return isCanonical ? length : undefined
}

function afterMarker(bytes: Buffer, at: number, indent: number, marker: Buffer): number | undefined {
  for (let i = 0; i < indent; i++) if (bytes[at + i] !== space) return undefined
  for (let i = 0; i < marker.length; i++) if (bytes[at + indent + i] !== marker[i]) return undefined
  return at + indent + marker.length
}
