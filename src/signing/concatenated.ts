import { createHash } from 'node:crypto'
import type { ConcatenatedPolicy, PublicKey, SignedParts } from '../domain/signature.ts'
import { isSignedWith } from './algorithms.ts'
import { unreadableTarget } from './message_signatures.ts'
import type { Verification } from './verification.ts'

export const concatenatedHeader = 'x-signature'
export const concatenatedAlgorithm = 'rsa-v1_5-sha256'

/** Base64 of a signature with RSA 8192. */
const maxLength = 1_368

/**
 * What is signed: the method in lower case, the URL without its scheme in lower case, and the body without white space, one after
 * the other with nothing between them.
 */
export function concatenatedText({
  method,
  authority,
  path,
  query,
  body,
}: Omit<SignedParts, 'headers' | 'bodyStatus'>): Buffer {
  const head = Buffer.from(`${method}${authority}${path}${query}`.toLowerCase(), 'utf8')
  return Buffer.concat([head, withoutWhiteSpace(body)])
}

/** Without the white space of ASCII, line ends among it: octets 9 to 13, and 32. */
function withoutWhiteSpace(body: Uint8Array): Uint8Array {
  const kept = Buffer.allocUnsafe(body.length)
  let length = 0
  for (const octet of body) if (octet !== 0x20 && (octet < 0x09 || octet > 0x0d)) kept[length++] = octet
  return kept.subarray(0, length)
}

/** Verifies `X-Signature` with those of the DevApp's keys that sign so: it names none. Never throws. */
export function verifyConcatenated(
  parts: SignedParts,
  keys: readonly PublicKey[],
  policy: ConcatenatedPolicy,
): Verification {
  const header = parts.headers[concatenatedHeader]
  if (header === undefined) return { status: 'missing' }
  const signature = signatureIn(header)
  if (signature === undefined)
    return { status: 'malformed', cause: 'X-Signature is not Base64, or is there several times' }
  const unreadable = unreadableTarget(parts.path + parts.query)
  if (unreadable !== undefined) return unreadable
  const signed = concatenatedText(parts)
  const candidates = keys.filter(({ algorithm }) => algorithm === concatenatedAlgorithm)
  const seen = { signed, signature, keys: candidates }
  if (candidates.length === 0)
    return { status: 'invalid', cause: `no key of the DevApp signs by ${concatenatedAlgorithm}`, ...seen }
  const key = candidates.find((each) => isSignedWith(each, signed, signature))
  if (key === undefined) return { status: 'invalid', cause: 'it is of this request and none of the keys', ...seen }
  // Nothing in the text tells when it was made, or that it is another one.
  const mark = createHash('sha256').update('text\0').update(signed).digest()
  return { status: 'holds', key, ...seen, mark, repeatableMs: policy.rememberMs }
}

function signatureIn(header: string): Uint8Array | undefined {
  if (header.length > maxLength || !/^[A-Za-z0-9+/]+={0,2}$/.test(header)) return undefined
  const signature = Buffer.from(header, 'base64')
  return signature.toString('base64').replace(/=+$/, '') === header.replace(/=+$/, '') ? signature : undefined
}
