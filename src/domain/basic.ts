/** The `Authorization` header as HTTP Basic sees it (RFC 7617). */
export type BasicHeader =
  | { readonly status: 'absent' }
  | { readonly status: 'other_scheme' }
  | { readonly status: 'repeated' }
  | { readonly status: 'malformed'; readonly cause: string }
  | { readonly status: 'presented'; readonly clientKey: string; readonly clientSecret: string }

const utf8 = new TextDecoder('utf-8', { fatal: true })
const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * Reads `Basic <base64(ClientKey:ClientSecret)>`. The first colon separates: a secret may hold colons, a key may not.
 * The text is UTF-8; control characters are refused (RFC 7617 2). Never throws, and no cause holds a part of the value.
 */
export function parseBasic(authorization: string | undefined): BasicHeader {
  if (authorization === undefined || authorization === '') return { status: 'absent' }
  const [scheme = '', token = '', ...rest] = authorization.split(' ')
  const isBasic = scheme.toLowerCase() === 'basic'
  // Envoy joins repeated headers with a comma, and neither Basic nor a Bearer token (RFC 6750 2.1) may hold one.
  if ((isBasic || scheme.toLowerCase() === 'bearer') && authorization.includes(',')) return { status: 'repeated' }
  if (!isBasic) return { status: 'other_scheme' }
  if (rest.length > 0 || !base64.test(token) || token.length % 4 === 1) return malformed('not base64')
  let text: string
  try {
    text = utf8.decode(Buffer.from(token, 'base64'))
  } catch {
    return malformed('not UTF-8')
  }
  const colon = text.indexOf(':')
  if (colon < 0) return malformed('no colon')
  if (colon === 0) return malformed('empty ClientKey')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 7617 2 forbids exactly these
  if (/[\u0000-\u001f\u007f]/.test(text)) return malformed('control character')
  return { status: 'presented', clientKey: text.slice(0, colon), clientSecret: text.slice(colon + 1) }
}

function malformed(cause: string): BasicHeader {
  return { status: 'malformed', cause }
}
