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
const padding = 0x3d

/** What each octet stands for in base64 (RFC 4648 4); 64 and above for none. */
const sextets = new Uint8Array(256).fill(0xff)
for (const [value, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  sextets[character.charCodeAt(0)] = value

/**
 * Reads one CERTIFICATE block (RFC 7468 3, strict) that begins at `at`, each line after so many spaces, into `der` from `free` on,
 * without making a text of it. `undefined` for everything else: another layout, what is no canonical base64, and more than `der`
 * has room for.
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
  const limit = der.length - 3
  let from = body
  let to = free
  let isPadded = false
  for (;;) {
    for (let i = 0; i < indent; i++) if (bytes[from + i] !== space) return undefined
    from += indent
    if (bytes[from] === hyphen) break
    // Nothing comes behind the padding.
    if (isPadded) return undefined
    const begins = from
    while (bytes[from] !== lineFeed) {
      const a = sextets[bytes[from] ?? 0] ?? 0xff
      const b = sextets[bytes[from + 1] ?? 0] ?? 0xff
      const c = sextets[bytes[from + 2] ?? 0] ?? 0xff
      const d = sextets[bytes[from + 3] ?? 0] ?? 0xff
      if (to > limit) return undefined
      if ((a | b | c | d) < 64) {
        der[to] = (a << 2) | (b >> 4)
        der[to + 1] = ((b & 0x0f) << 4) | (c >> 2)
        der[to + 2] = ((c & 0x03) << 6) | d
        to += 3
      } else {
        const octets = paddedOctets(a, b, c, bytes[from + 2], bytes[from + 3])
        if (octets === 0) return undefined
        der[to] = (a << 2) | (b >> 4)
        if (octets === 2) der[to + 1] = ((b & 0x0f) << 4) | (c >> 2)
        to += octets
        isPadded = true
        if (bytes[from + 4] !== lineFeed) return undefined
      }
      from += 4
    }
    if (from === begins) return undefined
    from++
  }
  const last = afterMarker(bytes, from - indent, indent, end)
  if (last === undefined || (last < bytes.length && bytes[last] !== lineFeed)) return undefined
  return { end: Math.min(last + 1, bytes.length), freeAt: to }
}

const hyphen = 0x2d

/** How many octets the last group holds; 0 where it is none. Bits that stand for nothing are zero (RFC 4648 3.5). */
function paddedOctets(
  a: number,
  b: number,
  c: number,
  third: number | undefined,
  fourth: number | undefined,
): 0 | 1 | 2 {
  if (fourth !== padding || a > 63 || b > 63) return 0
  if (third === padding) return (b & 0x0f) === 0 ? 1 : 0
  return c < 64 && (c & 0x03) === 0 ? 2 : 0
}

function afterMarker(bytes: Buffer, at: number, indent: number, marker: Buffer): number | undefined {
  for (let i = 0; i < indent; i++) if (bytes[at + i] !== space) return undefined
  for (let i = 0; i < marker.length; i++) if (bytes[at + indent + i] !== marker[i]) return undefined
  return at + indent + marker.length
}
