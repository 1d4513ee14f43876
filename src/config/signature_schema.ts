import { signatureProfiles } from '../domain/signature.ts'
import { count, duration, keys, list, oneOf, onFailure, read, size } from './values.ts'

/** RFC 9110 5.1, in lower case, as RFC 9421 2.1 names header fields. */
const fieldName = read(
  'the name of a header',
  'write it in lower case, such as content-type',
  { type: 'string', pattern: '^[a-z0-9-]{1,64}$' },
  (written) => (typeof written === 'string' && /^[a-z0-9-]{1,64}$/.test(written) ? written : undefined),
)

/** The largest that a message to the service may hold, with room for what else is in it. */
const maxBody = 3 * 1_048_576

export const signatureSchema = keys({
  profile: oneOf(signatureProfiles).meta({
    description:
      '`message-signatures`: RFC 9421 with the `Content-Digest` of RFC 9530. `concatenated`: `X-Signature` over method, URL and body, for who has it already; see docs/signing.md for what that does not cover.',
  }),
  max_body: size(0, maxBody).prefault('1MiB').meta({
    description:
      'The longest body, which is refused by `body_too_large` where it is longer. Not above `max_request_bytes` of the ext_authz filter, which every policy shares.',
  }),
  on_replay_unavailable: onFailure.default('deny').meta({
    description:
      'When it cannot be found out whether a signature was used before: Redis does not answer, or too many are remembered. `allow` leaves it to what each process has seen by itself.',
  }),
  headers: list(fieldName)
    .default(['content-type'])
    .meta({
      description:
        'With `message-signatures`: the headers that a signature may cover besides `content-digest`. Envoy has to send them to the service, by `allowed_headers`.',
      examples: [['content-type', 'idempotency-key']],
    }),
  components: list(fieldName)
    .default([])
    .meta({
      description:
        'With `message-signatures`: which of `headers` a signature must cover, besides `@method`, `@authority`, `@path`, `@query` and, where there is a body, `content-digest`.',
      examples: [['content-type']],
    }),
  max_age: duration(1_000).prefault('5m').meta({
    description:
      'With `message-signatures`: how long after `created` a signature is good, unless `expires` comes before.',
  }),
  skew: duration(0).prefault('30s').meta({
    description: "With `message-signatures`: by how much the signer's clock may differ.",
  }),
  nonce: oneOf(['required', 'optional']).default('required').meta({
    description:
      'With `message-signatures`: whether a signature needs a `nonce`. Without one, two requests that are the same within a second are a replay.',
  }),
  remember: duration(1_000).prefault('24h').meta({
    description:
      'With `concatenated`: for how long a signature is remembered as used. After that it can be used again, by whoever has seen it.',
  }),
})

/** What concerns every policy with `signature`. */
export const signaturesSchema = keys({
  remembered: count(1, 10_000_000).prefault(200_000).meta({
    description:
      'How many used signatures this process remembers, in some 150 bytes each: where no Redis is shared, and where a policy does without it. With more, `on_replay_unavailable` decides.',
  }),
})
