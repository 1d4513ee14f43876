import { hash } from 'node:crypto'
import type { PublicKey, SignedParts } from '../domain/signature.ts'
import { isSignedWith } from './algorithms.ts'
import { concatenatedText } from './concatenated.ts'
import { contentDigestHeader, contentDigestVerdict } from './content_digest.ts'
import type { Verification } from './verification.ts'

/** What is known beside the request, when one looks for what differs. */
export interface Comparison {
  readonly parts: SignedParts
  readonly verification: Verification
  /** The text that the signer says it signed; `undefined` where nobody has it. */
  readonly signedText: Uint8Array | undefined
  /** Keys that the request should not have been signed with, and whose they are. */
  readonly otherKeys: readonly { readonly key: PublicKey; readonly owner: string }[]
}

/**
 * In what a signature that does not hold differs from one that would, for the operator: the byte and the component where the text
 * that was signed is at hand, else the usual mistakes that would explain it. A signature tells nothing of its text: nothing found
 * means that it is something else.
 */
export function signatureDifferences({ parts, verification, signedText, otherKeys }: Comparison): readonly string[] {
  const { signed, signature, keys = [] } = verification
  const found = verification.status === 'holds' ? [] : digestDifference(parts)
  if (signed === undefined || signature === undefined) return found
  const expected = Buffer.from(signed)
  if (signedText !== undefined) found.push(byteDifference(expected, Buffer.from(signedText)))
  if (verification.status === 'holds') return found
  const variant = variantsOf(expected, typeof signed === 'string' ? undefined : parts).find(({ text }) =>
    keys.some((key) => isSignedWith(key, text, signature)),
  )
  if (variant !== undefined) found.push(`what was signed differs in this: ${variant.what}`)
  const other = otherKeys.find(({ key }) => isSignedWith(key, expected, signature))
  if (other !== undefined) found.push(`it is of this request and the key ${other.key.id} of ${other.owner}`)
  return found
}

function digestDifference({ headers, body }: SignedParts): string[] {
  const header = headers[contentDigestHeader]
  const verdict = header === undefined ? undefined : contentDigestVerdict(header, body)
  return verdict?.status === 'differs'
    ? [`content-digest: the request has ${header}, and ${verdict.expected} is that of its body of ${body.length} bytes`]
    : []
}

/** Where two texts part, in words: the byte from 0, the line from 1 with the component that it begins with, and both sides. */
export function byteDifference(expected: Buffer, signed: Buffer): string {
  if (expected.equals(signed))
    return 'the text that was signed is the expected one: the key, or the algorithm, is another'
  const length = Math.min(expected.length, signed.length)
  let at = 0
  while (at < length && expected[at] === signed[at]) at++
  const before = expected.subarray(0, at).toString('latin1').split('\n')
  const line = expected.toString('latin1').split('\n')[before.length - 1] ?? ''
  const component = /^"[^"]+"/.exec(line)?.[0]
  const where = component === undefined ? '' : ` in ${component}`
  return `the texts differ from byte ${at} on, line ${before.length}${where}: expected ${shown(expected, at)}, signed ${shown(signed, at)}`
}

const shown = (text: Buffer, at: number): string =>
  at >= text.length ? 'its end' : JSON.stringify(text.subarray(at, at + 40).toString('utf8'))

interface Variant {
  readonly what: string
  readonly text: Uint8Array
}

/** Mistakes that are made again and again, each in the text that it leads to. `concatenated` are the parts of that profile. */
function variantsOf(expected: Buffer, concatenated: SignedParts | undefined): readonly Variant[] {
  const whole: readonly Variant[] = [
    { what: 'a line feed at the end', text: Buffer.concat([expected, Buffer.from('\n')]) },
    { what: 'the SHA-256 of the text in place of the text', text: hash('sha256', expected, 'buffer') },
  ]
  return [
    ...whole,
    ...(concatenated === undefined ? lineVariants(expected.toString('utf8')) : concatenatedVariants(concatenated)),
  ]
}

function lineVariants(text: string): readonly Variant[] {
  const lines = text.split('\n')
  const withoutParams = lines.slice(0, -1).join('\n')
  return [
    { what: 'the line @signature-params is missing', text: Buffer.from(withoutParams) },
    { what: 'lines end in CR LF', text: Buffer.from(lines.join('\r\n')) },
    ...lines.slice(0, -1).flatMap((line, index) => {
      const [, name = '', value = ''] = /^("[^"]+"[^:]*): (.*)$/.exec(line) ?? []
      return valueVariants(name, value)
        .filter((other) => other !== value)
        .map((other) => ({
          what: `${name} was ${JSON.stringify(other)}, and is ${JSON.stringify(value)}`,
          text: Buffer.from(lines.with(index, `${name}: ${other}`).join('\n')),
        }))
    }),
  ]
}

function valueVariants(name: string, value: string): readonly string[] {
  switch (name) {
    case '"@method"':
      return [value.toLowerCase(), 'GET', 'POST', 'PUT', 'PATCH', 'DELETE']
    case '"@authority"':
      return [value.replace(/:\d+$/, ''), ...[':443', ':8443', ':80'].map((port) => value.replace(/:\d+$/, '') + port)]
    case '"@path"':
      return [`${value}/`, value.replace(/\/$/, ''), value.toLowerCase(), unescaped(value), '']
    case '"@query"':
      return [value.slice(1), '', unescaped(value), value.toLowerCase(), '?']
    default:
      return [value.toLowerCase(), `${value};charset=utf-8`, `${value}; charset=utf-8`, value.replace(/;.*$/, ''), '']
  }
}

function concatenatedVariants(parts: SignedParts): readonly Variant[] {
  const { method, authority, path, query, body } = parts
  const target = `${authority}${path}${query}`
  const withHead = (
    head: string,
    tail: Uint8Array = concatenatedText({ ...parts, method: '', authority: '', path: '', query: '' }),
  ) => Buffer.concat([Buffer.from(head), tail])
  const lower = method.toLowerCase()
  return [
    { what: 'the method in upper case', text: withHead(method.toUpperCase() + target.toLowerCase()) },
    { what: 'the URL not in lower case', text: withHead(lower + target) },
    { what: 'the URL with its scheme', text: withHead(`${lower}https://${target.toLowerCase()}`) },
    { what: 'the URL without its query', text: withHead(lower + (authority + path).toLowerCase()) },
    { what: 'the URL without its host', text: withHead(lower + (path + query).toLowerCase()) },
    { what: 'the body with its white space', text: withHead(lower + target.toLowerCase(), body) },
    { what: 'no body', text: withHead(lower + target.toLowerCase(), new Uint8Array()) },
  ]
}

const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
