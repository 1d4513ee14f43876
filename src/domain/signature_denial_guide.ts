import type { DenialGuidance } from './denial_guidance.ts'

type SignatureCode =
  | 'signature_missing'
  | 'signature_malformed'
  | 'signature_incomplete'
  | 'signature_invalid'
  | 'signature_expired'
  | 'signature_replayed'
  | 'replay_unavailable'
  | 'body_too_large'

/** Of the refusals that signed requests alone get. */
export const signatureDenialGuide: Readonly<Record<SignatureCode, DenialGuidance>> = {
  signature_missing: {
    meaning:
      'The API asks for a signed request, and the headers of its profile are not there: `Signature-Input` and `Signature`, or `X-Signature`. The other credentials were right.',
    caller: 'Sign the request as docs/signing.md shows.',
    operator:
      'Where all callers are concerned, Envoy does not hand the headers over: `devapp-authz check-envoy` with `--config` names those that `allowed_headers` lacks.',
    detail: undefined,
  },
  signature_malformed: {
    meaning:
      'The signature is there and cannot be judged: it is no structured field (RFC 9651) or no Base64, there are several, it covers what the gateway does not read, or the value of a covered header holds `,` or `!`, for which Envoy leaves open what the API gets.',
    caller:
      'Send one signature. Cover only the headers that the API names, each sent once, in printable ASCII without comma and exclamation mark; in the URL write `%21` for the latter.',
    operator:
      '`detail` says what it is. A header that callers should be able to cover belongs into `signature.headers` of the policy and `allowed_headers` of Envoy.',
    detail: 'What could not be read, or is not taken.',
  },
  signature_incomplete: {
    meaning:
      'The signature leaves out what it must cover: `@method`, `@authority`, `@path`, `@query`, with a body `content-digest`, what the policy adds, or one of the parameters `created`, `keyid` and `nonce`.',
    caller: 'Sign again, with the components that the answer names.',
    operator: 'Nothing; or `signature.components` of the policy asks for more than was agreed.',
    detail: undefined,
  },
  signature_invalid: {
    meaning:
      'The signature is not of this request and a key of this DevApp: another key, another method, host, path, query or header, another body than `Content-Digest` names, or a gateway that changed one of them. Which of them is not told.',
    caller:
      'Compare what was signed with what was sent, byte for byte: docs/signing.md shows both, and `devapp-authz sign` makes a request that is right.',
    operator:
      '`devapp-authz explain --request FILE` shows the signature base that was expected, and which component differs. One DevApp after a change of its key: the new one is not attached. All DevApps: something before Envoy changes requests.',
    detail: 'What did not fit, as far as it can be told.',
  },
  signature_expired: {
    meaning:
      "`created` lies further back than `signature.max_age`, or ahead, or `expires` has passed, each by more than `signature.skew`, by the gateway's clock.",
    caller: 'Sign each request when it is sent, also when it is repeated, with a clock that is right.',
    operator: "Many DevApps at once: the gateway's clock. One: its own.",
    detail: '`created` or `expires`, and the time by which it was judged.',
  },
  signature_replayed: {
    meaning:
      'The very same signature, or its nonce, came before with the same key. Somebody repeats what was heard, or a client, or a proxy before Envoy, sends a request again without signing it anew.',
    caller:
      'Sign each request anew, with a new nonce. After a broken connection, ask whether the first one took effect.',
    operator: 'One DevApp: tell it. Unless its client repeats requests, somebody else has seen them.',
    detail: '`key`: the id of the key.',
  },
  replay_unavailable: {
    meaning:
      'The signature holds, and whether it was used before cannot be found out: Redis does not answer, or the memory of this process is full.',
    caller: 'Sign again and try again after the time in `Retry-After`. The request has not reached the API.',
    operator:
      'See whether Redis runs. `signature.on_replay_unavailable: allow` lets such requests pass, with the memory of each process alone.',
    detail: 'Why it cannot be found out.',
  },
  body_too_large: {
    meaning:
      'The body is longer than `signature.max_body` of the policy, or than Envoy hands over for it: what was not seen cannot have been verified. Over HTTP/1.1 Envoy answers by itself, with `title` alone; over HTTP/2 the service does.',
    caller: 'Send a shorter body.',
    operator:
      "Raise `signature.max_body`, and `max_request_bytes` of the ext_authz filter with it, where the API needs it. It costs Envoy's memory and the service's.",
    detail: 'None. Where Envoy answered, `details` of its access log: which filter refused.',
  },
}
