/** Of RFC 9421 3.3, those that need no shared secret; of the elliptic curves P-256 and Ed25519. */
export const signatureAlgorithms = ['rsa-pss-sha512', 'rsa-v1_5-sha256', 'ecdsa-p256-sha256', 'ed25519'] as const
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

/** How a request is signed: by RFC 9421 with RFC 9530, or over one text of method, URL and body. */
export const signatureProfiles = ['message-signatures', 'concatenated'] as const
export type SignatureProfile = (typeof signatureProfiles)[number]

/** A public key whose private half a third party signs requests with. It signs by one algorithm, whatever a request says. */
export interface PublicKey {
  /** What a signature names it by; of its DevApp's keys no other has it. */
  readonly id: string
  readonly algorithm: SignatureAlgorithm
  /** The SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array
  /** Of `spki`, in lower-case hex. */
  readonly sha256: string
}

/** What a policy asks of signed requests. */
export type SignaturePolicy = MessageSignaturesPolicy | ConcatenatedPolicy

interface AnySignaturePolicy {
  readonly maxBodyBytes: number
  /** Where it cannot be found out whether a signature was used before. */
  readonly onReplayUnavailable: 'deny' | 'allow'
}

export interface MessageSignaturesPolicy extends AnySignaturePolicy {
  readonly profile: 'message-signatures'
  /** The header fields that may be covered besides `content-digest`, in lower case. */
  readonly headers: ReadonlySet<string>
  /** What has to be covered besides `alwaysCovered`. */
  readonly components: readonly string[]
  readonly maxAgeMs: number
  /** By how much the signer's clock may differ. */
  readonly skewMs: number
  readonly nonce: 'required' | 'optional'
}

export interface ConcatenatedPolicy extends AnySignaturePolicy {
  readonly profile: 'concatenated'
  /** For how long a signature is known as used. */
  readonly rememberMs: number
}

/** What every signature by RFC 9421 covers here; with a body, `content-digest` too. */
export const alwaysCovered = ['@method', '@authority', '@path', '@query'] as const

/** What of a request a signature is over, as the client sent it and Envoy passes it on. */
export interface SignedParts {
  readonly method: string
  /** As sent, in lower case, without the default port of https. */
  readonly authority: string
  /** Up to the query, undecoded. */
  readonly path: string
  /** With its question mark; empty where there is none. */
  readonly query: string
  /** By their names in lower case; several of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Whether `body` is what the upstream gets. `not_sent`: Envoy handed over no body, whatever there is. */
  readonly bodyStatus: 'whole' | 'cut' | 'not_sent'
}

/** What is known of a request's signature. A failure is a value, never a default. */
export type SignatureStatus =
  /** The policy asks for none, or another check refuses already. */
  | { readonly status: 'not_asked' }
  /** It holds, and was not used before. `replayUnknown`: that could not be found out, and the policy lets it pass so. */
  | { readonly status: 'verified'; readonly keyId: string; readonly replayUnknown?: string }
  | { readonly status: 'body_too_large'; readonly limitBytes: number }
  /** Envoy's configuration is at fault. */
  | { readonly status: 'body_not_sent' }
  | { readonly status: 'missing' }
  | { readonly status: 'malformed'; readonly cause: string }
  /** `components` are what it would have to cover too. */
  | { readonly status: 'incomplete'; readonly components: readonly string[] }
  | { readonly status: 'expired'; readonly cause: string }
  | { readonly status: 'invalid'; readonly cause: string }
  | { readonly status: 'replayed'; readonly keyId: string }
  | { readonly status: 'replay_unknown'; readonly keyId: string; readonly cause: string }
