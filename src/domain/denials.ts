interface Denial {
  readonly status: number
  /** The code of the Berlin Group's NextGenPSD2 framework; a code without one is always answered as problem+json. */
  readonly berlinGroup: string | undefined
  /** The same for every occurrence of the code (RFC 9457 3.1.3). */
  readonly title: string
  /** What the caller reads: it helps the rightful caller and tells a stranger nothing. */
  readonly told: string
}

const denial = <const Told extends string>(
  status: number,
  berlinGroup: string | undefined,
  title: string,
  told: Told,
) => ({ status, berlinGroup, title, told })

/**
 * The catalogue of refusals. A code is the same word in the answer's body, the log, the metrics and docs/denials.md, and
 * is never renamed.
 */
export const denials = {
  request_malformed: denial(400, 'FORMAT_ERROR', 'Malformed request', 'The request could not be read.'),
  wrong_hostname: denial(421, 'SERVICE_INVALID', 'Wrong hostname', 'This API is served on {hostname}.'),
  cert_missing: denial(401, 'CERTIFICATE_MISSING', 'No client certificate', 'This API needs a client certificate.'),
  cert_malformed: denial(
    401,
    'CERTIFICATE_INVALID',
    'Malformed client certificate',
    'The client certificate could not be read.',
  ),
  cert_chain_untrusted: denial(
    401,
    'CERTIFICATE_INVALID',
    'Client certificate of an untrusted CA',
    'The client certificate does not lead to a CA that this gateway trusts.',
  ),
  cert_not_yet_valid: denial(
    401,
    'CERTIFICATE_INVALID',
    'Client certificate not yet valid',
    'The client certificate is not valid before {notBefore}.',
  ),
  cert_expired: denial(
    401,
    'CERTIFICATE_EXPIRED',
    'Client certificate expired',
    'The client certificate expired on {notAfter}.',
  ),
  cert_purpose: denial(
    401,
    'CERTIFICATE_INVALID',
    'Client certificate for another purpose',
    'The client certificate is not for client authentication.',
  ),
  cert_not_registered: denial(
    401,
    'CERTIFICATE_INVALID',
    'Client certificate not registered',
    'The serial number and common name match no certificate attached to a DevApp.',
  ),
  cert_issuer_mismatch: denial(
    401,
    'CERTIFICATE_INVALID',
    'Client certificate of another issuer',
    'The client certificate was not issued by the CA registered with the DevApp.',
  ),
  cert_differs: denial(
    401,
    'CERTIFICATE_INVALID',
    'Another client certificate than the registered one',
    'The client certificate has the serial number and common name of a registered one, but is another certificate.',
  ),
  cert_revoked: denial(
    401,
    'CERTIFICATE_REVOKED',
    'Client certificate revoked',
    'The client certificate has been revoked by its issuer.',
  ),
  cert_on_hold: denial(
    401,
    'CERTIFICATE_BLOCKED',
    'Client certificate on hold',
    'The client certificate is on hold at its issuer.',
  ),
  issuer_revoked: denial(
    401,
    'CERTIFICATE_REVOKED',
    'Issuing CA revoked',
    'A CA that issued the client certificate has been revoked.',
  ),
  cert_status_unknown: denial(
    401,
    'CERTIFICATE_INVALID',
    'Client certificate unknown to its issuer',
    'The issuer does not know the client certificate.',
  ),
  revocation_no_source: denial(
    401,
    'CERTIFICATE_INVALID',
    'No revocation source',
    'The client certificate names no way to check revocation.',
  ),
  revocation_unavailable: denial(
    503,
    'INTERNAL_SERVER_ERROR',
    'Revocation status unavailable',
    "The issuer's revocation service does not answer. Try again.",
  ),
  qwac_required: denial(401, 'CERTIFICATE_INVALID', 'QWAC required', 'This API needs an eIDAS QWAC certificate.'),
  qtsp_not_trusted: denial(
    401,
    'CERTIFICATE_INVALID',
    'Trust service provider not accepted',
    'The QWAC was not issued by a trust service provider that this API accepts.',
  ),
  psd2_role_missing: denial(
    401,
    'ROLE_INVALID',
    'PSD2 role missing',
    'The certificate lacks the PSD2 role that this API needs: {roles}.',
  ),
  psd2_authorisation_withdrawn: denial(
    401,
    'ROLE_INVALID',
    'PSD2 authorisation withdrawn',
    'The PSD2 authorisation has been withdrawn.',
  ),
  devapp_disabled: denial(403, 'SERVICE_BLOCKED', 'DevApp disabled', 'The DevApp is disabled.'),
  product_not_selected: denial(
    403,
    'SERVICE_BLOCKED',
    'API product not selected',
    'The DevApp has not selected the API product {product}.',
  ),
  devapp_ambiguous: denial(
    400,
    'PARAMETER_NOT_CONSISTENT',
    'Several DevApps',
    'The certificate serves several DevApps: say which with {header}.',
  ),
  basic_missing: denial(401, undefined, 'Basic authentication required', 'This API needs Basic authentication.'),
  basic_malformed: denial(
    401,
    undefined,
    'Malformed Basic authentication',
    'The Authorization header is not valid Basic authentication.',
  ),
  basic_invalid: denial(401, undefined, 'Wrong credentials', 'The ClientKey or the ClientSecret is wrong.'),
  too_many_attempts: denial(
    429,
    'ACCESS_EXCEEDED',
    'Too many failed attempts',
    'Too many failed attempts. Try again after {retryAfter}.',
  ),
  devapp_mismatch: denial(
    401,
    'PARAMETER_NOT_CONSISTENT',
    'Credentials of different DevApps',
    'The credentials belong to different DevApps.',
  ),
  too_many_requests: denial(
    429,
    'ACCESS_EXCEEDED',
    'Too many requests',
    'Too many requests. Try again after {retryAfter}.',
  ),
  policy_unknown: denial(500, 'INTERNAL_SERVER_ERROR', 'Gateway misconfigured', 'The gateway is misconfigured.'),
  registry_unavailable: denial(
    503,
    'INTERNAL_SERVER_ERROR',
    'Registry unavailable',
    'The gateway cannot read its registry. Try again.',
  ),
  deadline_exceeded: denial(503, 'INTERNAL_SERVER_ERROR', 'Deadline exceeded', 'The check took too long. Try again.'),
  internal_error: denial(500, 'INTERNAL_SERVER_ERROR', 'Internal error', 'The gateway failed.'),
} as const satisfies Record<string, Denial>

/**
 * Refusals that Envoy gives by itself, when no route matches, a body is too large or this service does not answer:
 * `local_reply_config` of envoy/envoy.yaml gives them the same form.
 */
export const gatewayDenials = {
  route_unknown: denial(404, 'SERVICE_INVALID', 'No such API', 'No such API.'),
  body_too_large: denial(413, 'FORMAT_ERROR', 'Body too large', 'The body is larger than {limit}.'),
  gateway_unavailable: denial(
    503,
    'INTERNAL_SERVER_ERROR',
    'Gateway unavailable',
    'The gateway cannot decide now. Try again.',
  ),
  upstream_unavailable: denial(
    503,
    'INTERNAL_SERVER_ERROR',
    'API unavailable',
    'The API does not answer. Whether it acted on the request is not known.',
  ),
} as const satisfies Record<string, Denial>

export type DenyCode = keyof typeof denials

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never

/** The values that the sentence of a code needs, by name. */
export type ToldOf<Code extends DenyCode> = Placeholders<(typeof denials)[Code]['told']>
