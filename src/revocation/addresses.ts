import type { Certificate } from '../domain/certificate.ts'

/** What the operator says of one issuer, instead of what its certificates and the rest of the configuration say. */
export interface ResponderOverride {
  /** The only address to ask. */
  readonly responder?: URL | undefined
  /** Certificates whose keys may sign answers, beside what RFC 6960 4.2.2.2 allows. */
  readonly pinned?: readonly Certificate[] | undefined
  /** Whether its certificates pass without an answer, where the policy says nothing. */
  readonly onUnavailable?: 'deny' | 'allow' | undefined
  readonly onNoSource?: 'deny' | 'allow' | undefined
}

export type Addresses =
  | { readonly status: 'named'; readonly responders: readonly [URL, ...URL[]] }
  /** Addresses are named, and the operator's rules permit none of them. */
  | { readonly status: 'not_permitted'; readonly detail: string }
  /** The certificate names no responder that speaks HTTP. */
  | { readonly status: 'no_source' }

/** Each address has its part of the deadline: a certificate with dozens of them would leave none enough. */
const maxResponders = 4

/**
 * Which responders may be asked about a certificate, in order: the operator's override alone, otherwise the
 * certificate's own id-ad-ocsp locations (RFC 5280 4.2.2.1). `allowedHosts` are lower-case hostnames, and bind the
 * certificate's locations; a location with a user name or a password is never permitted.
 */
export function responderAddresses(
  certificate: Pick<Certificate, 'ocspUrls'>,
  override: ResponderOverride | undefined,
  allowedHosts: ReadonlySet<string> | undefined,
): Addresses {
  if (override?.responder !== undefined) return { status: 'named', responders: [override.responder] }

  const named = certificate.ocspUrls.flatMap((location) => httpUrl(location) ?? [])
  if (named.length === 0) return { status: 'no_source' }
  const [first, ...others] = named
    .filter((url) => !carriesCredentials(url) && (allowedHosts === undefined || allowedHosts.has(url.hostname)))
    .slice(0, maxResponders)
  if (first === undefined) {
    return { status: 'not_permitted', detail: named.map(({ host }) => host).join(', ') }
  }
  return { status: 'named', responders: [first, ...others] }
}

/** An http or https URL without its fragment; `undefined` for any other text, such as an LDAP location. */
function httpUrl(location: string): URL | undefined {
  if (!URL.canParse(location)) return undefined
  const url = new URL(location)
  url.hash = ''
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
}

const carriesCredentials = ({ username, password }: URL): boolean => username !== '' || password !== ''
