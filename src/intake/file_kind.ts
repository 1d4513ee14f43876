import { type Der, DerError, readDer, tag } from '../pki/der.ts'
import { oidOf } from '../pki/der_values.ts'

/** What a file may be in place of a chain in PEM. Those that are no word of their own are told as they are. */
export type FileKind = 'certificate' | 'pkcs7' | 'pkcs12' | 'csr' | 'private_key' | ForeignKind
type ForeignKind = 'a Java keystore' | 'a ZIP archive' | 'a PDF document' | 'empty'

/** What DER bytes are; `undefined` for what is not known, or not DER. */
export function derKind(bytes: Uint8Array): FileKind | undefined {
  const prefix = Buffer.from(bytes.subarray(0, 48)).toString('hex')
  // PKCS#7 and PKCS#12 may be in BER (RFC 5652 1, RFC 7292 4): their beginnings tell.
  if (/^30(80|[0-7].|8[1-4](..){1,4})(06092a864886f70d0107|020103)/.test(prefix))
    return prefix.includes('06092a864886f70d0107') && !prefix.includes('020103') ? 'pkcs7' : 'pkcs12'
  return kindOf(elementIn(bytes))
}

function elementIn(bytes: Uint8Array): Der | undefined {
  try {
    return readDer(bytes)
  } catch (cause) {
    if (cause instanceof DerError) return undefined
    throw cause
  }
}

function kindOf(element: Der | undefined): FileKind | undefined {
  const [first, second, third] = element?.tag === tag.sequence ? element.children : []
  if (first === undefined || second === undefined) return undefined
  if (isPrivateKey(first, second)) return 'private_key'
  if (first.tag !== tag.sequence || second.tag !== tag.sequence || third?.tag !== tag.bitString) return undefined
  // A request begins with its version (RFC 2986 4.1), then the subject; a certificate's version has a tag of its own.
  const [version, name, key] = first.children
  const isRequest = version?.tag === tag.integer && name?.tag === tag.sequence && key?.tag === tag.sequence
  return isRequest && first.children[3]?.tag !== tag.sequence ? 'csr' : 'certificate'
}

/** PKCS#8 (RFC 5958), encrypted or not, PKCS#1 (RFC 8017 A.1.2), SEC 1 (RFC 5915), and the old one of DSA. */
function isPrivateKey(first: Der, second: Der): boolean {
  // The version is a small number, and no modulus: RSA's public key begins with that.
  if (first.tag === tag.integer && first.contents.length === 1)
    return second.tag !== tag.sequence || isAlgorithm(second)
  return first.tag === tag.sequence && second.tag === tag.octetString && isEncryption(first)
}

const isAlgorithm = ({ children }: Der): boolean => children[0]?.tag === tag.oid

/** PKCS#5 and the schemes of PKCS#12. */
function isEncryption({ children: [algorithm] }: Der): boolean {
  return algorithm?.tag === tag.oid && /^1\.2\.840\.113549\.1\.(5|12\.1)\./.test(oidOf(algorithm))
}

/** A key in any of the forms that are text, also where its block is not closed. */
export function textKind(text: string): 'private_key' | undefined {
  return privateKeyTexts.some((parts) => parts.every((part) => part.test(text))) ? 'private_key' : undefined
}

/** Found where all the parts of one are. */
const privateKeyTexts: readonly (readonly RegExp[])[] = [
  [/BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/i],
  [/PuTTY-User-Key-File/],
  [/"kty"/, /"d"\s*:/], // RFC 7517
  [/<RSAKeyValue>/, /<D>/],
]

/** What files are that people take for a chain, by their first octets. */
export function foreignKind(bytes: Uint8Array): ForeignKind | undefined {
  const begins = Buffer.from(bytes.subarray(0, 4)).toString('latin1')
  if (bytes.length === 0) return 'empty'
  if (begins === '\xfe\xed\xfe\xed' || begins === '\xce\xce\xce\xce') return 'a Java keystore'
  if (begins.startsWith('PK')) return 'a ZIP archive'
  return begins === '%PDF' ? 'a PDF document' : undefined
}
