import { count, duration, host, keys, list, oneOf, text, url, yesOrNo } from './values.ts'

const onFailure = oneOf(['deny', 'allow'])

// What redisFromUrl of the revocation service could not connect to would be a cache that is silently not there.
const redisUrl = url(['redis', 'rediss'], 'write redis://user:password@host:6379/0, or rediss: for TLS').refine(
  ({ hostname, pathname }) => hostname !== '' && /^\/?\d{0,5}$/.test(pathname),
  {
    error: 'it names no host, or a database that is no number',
    params: { cure: 'write redis://host:6379/0' },
  },
)

export const redisSchema = keys({
  url: redisUrl.meta({
    description: 'With user and password, from the environment. `rediss:` is TLS.',
    examples: [`\${REDIS_URL}`],
  }),
  timeout: duration(1).prefault('30ms').meta({ description: 'For one command. Redis that is slower is done without.' }),
  key_prefix: text.default('devapp-authz:').meta({ description: 'Before every key.' }),
})

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

export const ocspSchema = keys({
  timeout: duration(1).prefault('1s').meta({
    description: 'How long a request waits for an answer that is not remembered. Below `deadline`.',
  }),
  fetch_timeout: duration(1).prefault('5s').meta({
    description: 'How long asking goes on in all, for the requests that come next.',
  }),
  on_unavailable: onFailure.default('deny').meta({
    description: 'When the responder does not answer. `allow` lets revoked certificates pass that nobody asked about.',
  }),
  on_no_source: onFailure.default('deny').meta({ description: 'When the certificate names no responder.' }),
  skew: duration(0).prefault('1m').meta({
    description: "By how much a responder's clock may differ, when an answer is accepted.",
  }),
  max_age: duration(1).prefault('24h').meta({ description: 'For how long an answer without nextUpdate may be used.' }),
  allow_sha1: yesOrNo.default(false).meta({ description: 'Whether signatures over SHA-1 count.' }),
  nonce: oneOf(['off', 'optional', 'required']).default('off').meta({
    description: 'RFC 9654. `required` refuses pre-produced answers, which most responders give.',
  }),
  allow_private_addresses: yesOrNo.default(false).meta({
    description:
      'Whether responders on loopback, link-local and private addresses are asked: a certificate could name your own machines. With a proxy, the proxy has to see to it.',
  }),
  allowed_hosts: list(host)
    .min(1, { error: 'it is empty, so that no responder could be asked' })
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
  cache: cacheSchema.prefault({}).meta({ description: 'How long answers are remembered, and where.' }),
  issuers: list(issuerSchema).default([]).meta({ description: 'What differs for single issuers.' }),
})
