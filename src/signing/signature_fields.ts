import { type InnerList, isInnerList, parseDictionary } from 'structured-headers'

export const signatureInputHeader = 'signature-input'
export const signatureHeader = 'signature'

/** The one signature of a message (RFC 9421 4). */
export interface SignatureFields {
  readonly label: string
  /** The covered components, with the parameters of the signature. */
  readonly covered: InnerList
  readonly parameters: SignatureParameters
  readonly signature: Uint8Array
}

/** RFC 9421 2.3, `undefined` for those that are not there. Times in seconds since 1970. */
export interface SignatureParameters {
  readonly created: number | undefined
  readonly expires: number | undefined
  readonly keyid: string | undefined
  readonly nonce: string | undefined
  readonly alg: string | undefined
}

/** Longer fields are refused unread: those of four covered headers take some 500 characters, a signature of RSA 8192 1400. */
const maxLength = 8_192
const maxTextLength = 256

/**
 * Reads `Signature-Input` and `Signature`, which have to hold one signature, under the same label. Returns why they cannot be read
 * otherwise; never throws.
 */
export function signatureFields(input: string, signature: string): SignatureFields | { readonly cause: string } {
  if (input.length > maxLength || signature.length > maxLength) return { cause: `more than ${maxLength} characters` }
  try {
    const [first, ...others] = parseDictionary(input)
    const signatures = [...parseDictionary(signature)]
    if (first === undefined) return { cause: 'Signature-Input is empty' }
    if (others.length > 0 || signatures.length > 1) return { cause: 'several signatures' }
    const [label, covered] = first
    if (!isInnerList(covered)) return { cause: 'Signature-Input is no list of components' }
    const [value] = signatures[0]?.[0] === label ? (signatures[0]?.[1] ?? []) : []
    if (!(value instanceof ArrayBuffer))
      return { cause: 'Signature has no byte sequence under the label of Signature-Input' }
    const parameters = parametersOf(covered[1])
    if ('cause' in parameters) return parameters
    return { label, covered, parameters, signature: new Uint8Array(value) }
  } catch (error) {
    // Beside a ParseError, the parser leaves some misfits to what they break.
    return { cause: error instanceof Error ? error.message : 'no structured field' }
  }
}

function parametersOf(written: InnerList[1]): SignatureParameters | { readonly cause: string } {
  const [created, expires] = [written.get('created'), written.get('expires')]
  const [keyid, nonce, alg] = [written.get('keyid'), written.get('nonce'), written.get('alg')]
  if (!isTime(created) || !isTime(expires)) return { cause: 'created or expires is no whole number of seconds' }
  if (!isText(keyid) || !isText(nonce) || !isText(alg))
    return { cause: `keyid, nonce or alg is no string of up to ${maxTextLength} characters` }
  return { created, expires, keyid, nonce, alg }
}

const isTime = (value: unknown): value is number | undefined =>
  value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 0)

const isText = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && value !== '' && value.length <= maxTextLength)
