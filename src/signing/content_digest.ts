import { hash } from 'node:crypto'
import { parseDictionary } from 'structured-headers'

export const contentDigestHeader = 'content-digest'

/** Of RFC 9530 5, those that are no broken ones. */
const hashes: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
])

export type DigestVerdict =
  | { readonly status: 'matches' }
  | { readonly status: 'malformed'; readonly cause: string }
  /** `expected` is what the header would say of this body. */
  | { readonly status: 'differs'; readonly algorithm: string; readonly expected: string }

/**
 * Whether `Content-Digest` (RFC 9530 2) is of this body, by its SHA-256, its SHA-512 or both; others are passed over, and one of
 * these has to be there. The digest is of the bytes as sent, compressed or not. Never throws.
 */
export function contentDigestVerdict(header: string, body: Uint8Array): DigestVerdict {
  const digests = digestsIn(header)
  if (digests === undefined) return { status: 'malformed', cause: 'Content-Digest cannot be read' }
  const known = digests.filter(([algorithm]) => hashes.has(algorithm))
  if (known.length === 0) return { status: 'malformed', cause: 'Content-Digest has neither sha-256 nor sha-512' }
  for (const [algorithm, digest] of known) {
    const expected = digestOf(body, algorithm)
    if (!expected.equals(digest))
      return { status: 'differs', algorithm, expected: `${algorithm}=:${expected.toString('base64')}:` }
  }
  return { status: 'matches' }
}

/** The header for a body, with its SHA-256. */
export const contentDigestOf = (body: Uint8Array): string => `sha-256=:${digestOf(body, 'sha-256').toString('base64')}:`

const digestOf = (body: Uint8Array, algorithm: string): Buffer => hash(hashes.get(algorithm) ?? '', body, 'buffer')

function digestsIn(header: string): readonly (readonly [algorithm: string, digest: Buffer])[] | undefined {
  try {
    return [...parseDictionary(header)].map(([algorithm, [value]]) => {
      if (!(value instanceof ArrayBuffer)) throw new TypeError('no byte sequence')
      return [algorithm, Buffer.from(value)] as const
    })
  } catch {
    return undefined
  }
}
