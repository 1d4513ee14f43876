import { redisSchema } from './redis_schema.ts'
import { count, duration, fraction, host, keys, list, oneOf, onFailure, someOf, text, url, yesOrNo } from './values.ts'

const responderUrl = url(['http', 'https']).refine(({ username, password }) => username === '' && password === '', {
  error: 'a responder is asked without user name and password',
  params: { cure: 'remove them' },
})

export const issuerSchema = keys({
  certificate: text.meta({
    description: "The issuing CA's certificate, a PEM file.",
    examples: ['issuers/acme.pem'],
  }),
  responder: responderUrl.optional().meta({
    description: 'Asked instead of what the certificates name.',
    examples: ['http://ocsp.example.com/'],
  }),
  responder_certificate: text.optional().meta({
    description:
      "A PEM file with a certificate whose key may sign this issuer's answers, beside those that RFC 6960 4.2.2.2 allows.",
    examples: ['issuers/acme-responder.pem'],
  }),
  on_unavailable: onFailure.optional().meta({
    description: "When this issuer's responder does not answer, on policies that do not say. Default: that of `ocsp`.",
  }),
  on_no_source: onFailure.optional().meta({
    description:
      "When this issuer's certificate names no responder, on policies that do not say. Default: that of `ocsp`.",
  }),
})

const cacheSchema = keys({
  max_age: duration(1).prefault('7d').meta({
    description: 'The longest that a good answer is remembered, and never past its nextUpdate.',
  }),
  revoked_max_age: duration(1).prefault('1h').meta({ description: 'The same for a revoked one.' }),
  unknown_max_age: duration(1).prefault('5m').meta({ description: 'The same for an unknown one.' }),
  failure_max_age: duration(0).prefault('5s').meta({
    description: 'For how long a responder that gave no answer for a certificate is not asked about it again.',
  }),
  memory: keys({
    max_entries: count(1, 10_000_000).prefault(50_000).meta({ description: 'Answers in memory.' }),
  })
    .prefault({})
    .meta({ description: 'What each process remembers by itself.' }),
  redis: redisSchema.optional().meta({ description: 'Shares the signed answers among processes. Default: none.' }),
})

export const breakerSchema = keys({
  failures: count(1, 1_000).prefault(5).meta({ description: 'Failures in a row that open it.' }),
  open: duration(1).prefault('5s').meta({ description: 'How long it stays open before one probe.' }),
  max_open: duration(1).prefault('1m').meta({ description: 'The longest that it grows to while probes fail.' }),
})

export const refreshSchema = keys({
  at: fraction(0.1, 0.8).prefault(0.5).meta({
    description: 'The part of its validity after which an answer is asked for again.',
  }),
  rate: count(1, 1_000).prefault(50).meta({
    description:
      'Answers that are asked for in a second, at the start and after an outage too: by the whole fleet where it shares a Redis, else by each process. What requests make necessary comes on top.',
  }),
  retry: duration(10).prefault('5s').meta({
    description: 'The pause after a failure. It doubles with each one in a row.',
  }),
  max_retry: duration(10).prefault('1m').meta({ description: 'The longest that it grows to.' }),
})

const crlSchema = keys({
  enabled: yesOrNo.default(false).meta({
    description:
      'Whether the CRL of a certificate counts where OCSP gives no answer: one that names no responder, or whose responder does not answer.',
  }),
  timeout: duration(1).prefault('500ms').meta({
    description: 'How long a request waits for a CRL that is not there yet.',
  }),
  fetch_timeout: duration(1).prefault('1m').meta({ description: 'How long one download goes on.' }),
  max_bytes: count(1_024, 1_073_741_824)
    .prefault(67_108_864)
    .meta({ description: 'A longer CRL is refused. One takes twice its size while it is read.' }),
  refresh: duration(1).prefault('4h').meta({
    description: 'A CRL is asked for again after this time at the latest, and before it ends.',
  }),
})

export const ocspSchema = keys({
  check: oneOf(['leaf', 'chain']).default('leaf').meta({
    description:
      'What is asked about: the certificate, or also the CAs between it and the root, each at its own issuer.',
  }),
  timeout: duration(1).prefault('1s').meta({
    description: 'How long a request waits for an answer that is not remembered. Below `deadline`.',
  }),
  fetch_timeout: duration(1).prefault('5s').meta({
    description: 'How long asking goes on in all, for the requests that come next.',
  }),
  on_unavailable: onFailure.default('deny').meta({
    description:
      'When the responder does not answer, and neither the policy nor the entry of the issuer says otherwise. `allow` lets revoked certificates pass that nobody asked about; one whose last answer was revoked never passes.',
  }),
  on_no_source: onFailure.default('deny').meta({
    description:
      'When the certificate names no responder, and neither the policy nor the entry of the issuer says otherwise.',
  }),
  skew: duration(0).prefault('1m').meta({
    description: "By how much a responder's clock may differ, when an answer is accepted.",
  }),
  max_age: duration(1).prefault('24h').meta({ description: 'For how long an answer without nextUpdate may be used.' }),
  allow_sha1: yesOrNo.default(false).meta({ description: 'Whether signatures over SHA-1 count.' }),
  delegate_without_nocheck: oneOf(['accept', 'refuse']).default('accept').meta({
    description:
      'A responder certificate without id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1), whose own revocation is not asked about.',
  }),
  nonce: oneOf(['off', 'optional', 'required']).default('off').meta({
    description: 'RFC 9654. `required` refuses pre-produced answers, which most responders give.',
  }),
  allow_private_addresses: yesOrNo.default(false).meta({
    description:
      'Whether responders on loopback, link-local and private addresses are asked: a certificate could name your own machines. With a proxy, the proxy has to see to it.',
  }),
  allowed_hosts: someOf(host, 'it is empty, so that no responder could be asked')
    .optional()
    .meta({
      description: 'The only hosts that certificates may name as responders. Default: any public one.',
      examples: [['ocsp.example.com']],
    }),
  proxy: url(['http', 'https'])
    .optional()
    .meta({
      description:
        'An HTTP proxy on the way to responders, with user and password, from the environment. Default: none.',
      examples: ['http://proxy.example.com:3128'],
    }),
  connections: count(1, 1_000).prefault(8).meta({ description: 'Connections to one responder.' }),
  queue: count(0, 100_000).prefault(1_000).meta({ description: 'Requests that wait for one of them.' }),
  breaker: breakerSchema.prefault({}).meta({
    description: 'Spares a responder that fails, and the callers that would wait for it.',
  }),
  refresh: refreshSchema.prefault({}).meta({
    description: 'Answers for all registered certificates are there before they are needed.',
  }),
  cache: cacheSchema.prefault({}).meta({ description: 'How long answers are remembered, and where.' }),
  crl: crlSchema.prefault({}).meta({ description: 'Certificate revocation lists, after OCSP (RFC 5280 6.3).' }),
  issuers: list(issuerSchema).default([]).meta({ description: 'What differs for single issuers.' }),
})
