import { createPublicKey, type KeyObject } from 'node:crypto'
import { type InnerList, serializeDictionary } from 'structured-headers'
import { alwaysCovered, type SignatureAlgorithm } from '../domain/signature.ts'
import { signatureOf } from './algorithms.ts'
import { concatenatedAlgorithm, concatenatedHeader, concatenatedText } from './concatenated.ts'
import { contentDigestHeader, contentDigestOf } from './content_digest.ts'
import { signatureBase } from './signature_base.ts'
import { signatureHeader, signatureInputHeader } from './signature_fields.ts'

/** A request as it is to be sent. */
export interface UnsignedRequest {
  readonly method: string
  /** As it goes over the wire: nothing is escaped or normalised here. */
  readonly url: string
  /** Those to cover, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Signing {
  readonly key: KeyObject
  readonly algorithm: SignatureAlgorithm
  readonly keyId: string
  readonly created: Date
  /** `undefined` for a signature that ends when the verifier says so. */
  readonly expires: Date | undefined
  readonly nonce: string | undefined
}

/** What a signer adds to a request: header fields, and what was signed, for who compares. */
export interface Signed {
  readonly headers: Readonly<Record<string, string>>
  readonly text: string | Uint8Array
}

/** The request signed by RFC 9421 and RFC 9530. Throws an Error where it cannot be, as on a key of another algorithm. */
export function signedMessage(request: UnsignedRequest, signing: Signing): Signed {
  const { method, body } = request
  const digest = body.length > 0 ? { [contentDigestHeader]: contentDigestOf(body) } : {}
  const headers = { ...request.headers, ...digest }
  const components = [...alwaysCovered, ...Object.keys(headers)]
  const covered: InnerList = [components.map((name) => [name, new Map()]), parametersOf(signing)]
  const base = signatureBase({ method, headers, ...targetOf(request.url) }, covered)
  if (base.status !== 'built') throw new Error(`${base.name} cannot be covered`)
  const signature = signatureOf(Buffer.from(base.text), signing.key, signing.algorithm)
  return {
    headers: {
      ...digest,
      [signatureInputHeader]: serializeDictionary(new Map([['sig', covered]])),
      [signatureHeader]: serializeDictionary(new Map([['sig', [Uint8Array.from(signature), new Map()]]])),
    },
    text: base.text,
  }
}

/** The request signed by method, URL and body, with an RSA key. Throws like `signedMessage`. */
export function signedConcatenation({ method, url, body }: UnsignedRequest, key: KeyObject): Signed {
  const text = concatenatedText({ method, body, ...targetOf(url) })
  const signature = signatureOf(text, key, concatenatedAlgorithm)
  return { headers: { [concatenatedHeader]: signature.toString('base64') }, text }
}

/** The SubjectPublicKeyInfo of a private key, in PEM. */
export const publicHalfOf = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString()

function parametersOf({ created, expires, keyId, nonce }: Signing): InnerList[1] {
  const seconds = (time: Date): number => Math.floor(time.getTime() / 1_000)
  return new Map<string, string | number>([
    ['created', seconds(created)],
    ...(expires === undefined ? [] : [['expires', seconds(expires)] as const]),
    ['keyid', keyId],
    ...(nonce === undefined ? [] : [['nonce', nonce] as const]),
  ])
}

function targetOf(url: string): { readonly authority: string; readonly path: string; readonly query: string } {
  const [, authority = '', path = '', query = ''] = /^https:\/\/([^/?#]+)([^?#]*)(\?[^#]*)?$/i.exec(url) ?? []
  if (authority === '') throw new Error(`${url} is no https URL without a fragment`)
  return { authority: authority.toLowerCase().replace(/:443$/, ''), path: path || '/', query }
}
