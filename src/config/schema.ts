import { z } from 'zod'
import { psd2Roles } from '../domain/certificate.ts'
import { channels, credentials } from '../domain/policy.ts'
import { count, duration, expected, fail, hostname, keys, list, oneOf, text, url, yesOrNo } from './values.ts'

const onFailure = oneOf(['deny', 'allow'])
const policyName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/)

const listen = z.string({ error: (issue) => expected('an address', issue.input) }).transform((address, context) => {
  if (/^unix:\/.+/.test(address) || /^(127(\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5}$/.test(address)) return address
  fail(
    context,
    expected('a Unix socket or a loopback address', address),
    'the service has no authentication of its own: write unix:/path/to.sock or 127.0.0.1:9191, beside Envoy',
  )
  return z.NEVER
})

const hostnameList = list(hostname).min(1, { error: 'it is empty' })

export const hostnamesSchema = keys({
  mtls: hostnameList.meta({ description: 'Hostnames with 2-way TLS: Envoy asks for a client certificate.' }),
  tls: hostnameList.meta({ description: 'Hostnames with 1-way TLS.' }),
})

export const policySchema = keys({
  channel: oneOf(channels).meta({ description: 'The kind of hostname that the APIs of this policy are served on.' }),
  require: list(oneOf(credentials)).meta({
    description: 'What the caller has to present; `[]` on a public API. `certificate` exactly on `mtls`.',
  }),
  product: text.optional().meta({ description: 'The API product that the DevApp must have selected.' }),
  psd2: keys({
    qwac: oneOf(['required', 'optional']).default('optional').meta({
      description: 'Whether the certificate must be a QWAC of a provider in `qtsps`.',
    }),
    roles: list(oneOf(psd2Roles)).default([]).meta({ description: 'PSD2 roles that the certificate must hold.' }),
    match: oneOf(['all', 'any']).default('all').meta({ description: 'Whether one of the roles is enough.' }),
  })
    .optional()
    .meta({ description: 'What PSD2 asks of the certificate.' }),
  on_unavailable: onFailure.optional().meta({
    description: "When the issuer's responder does not answer. Default: `ocsp.on_unavailable`.",
  }),
  on_no_source: onFailure.optional().meta({
    description: 'When the certificate names no responder. Default: `ocsp.on_no_source`.',
  }),
  answer: oneOf(['problem', 'berlin_group']).optional().meta({
    description:
      'The form of refusals: RFC 9457, or `tppMessages`. Default: `berlin_group` where `psd2` is given, else `problem`.',
  }),
  keep_authorization: yesOrNo.default(false).meta({
    description: 'Whether the upstream sees the credentials of Basic.',
  }),
})

const redisSchema = keys({
  url: url(['redis', 'rediss']).meta({ description: 'With user and password, which belong into the environment.' }),
  timeout: duration(1).prefault('30ms').meta({ description: 'For one command. Redis that is slower is done without.' }),
  key_prefix: text.default('devapp-authz:').meta({ description: 'Before every key.' }),
})

const issuerSchema = keys({
  certificate: text.meta({ description: "The issuing CA's certificate, a PEM file." }),
  responder: url(['http', 'https']).optional().meta({
    description: 'Asked instead of what the certificates name.',
  }),
  responder_certificate: text.optional().meta({
    description: "A PEM file with a certificate whose key may sign this issuer's answers.",
  }),
})

const cacheSchema = keys({
  max_age: duration(1).prefault('7d').meta({ description: 'The longest that a good answer is remembered.' }),
  revoked_max_age: duration(1).prefault('1h').meta({ description: 'The same for a revoked one.' }),
  unknown_max_age: duration(1).prefault('5m').meta({ description: 'The same for an unknown one.' }),
  failure_max_age: duration(0).prefault('5s').meta({
    description: 'For how long a responder that gave no answer for a certificate is not asked about it again.',
  }),
  memory: keys({
    max_entries: count(1, 10_000_000).prefault(50_000).meta({ description: 'Answers in memory.' }),
  }).prefault({}),
  redis: redisSchema.optional().meta({ description: 'Shares the signed answers among processes.' }),
})

const ocspSchema = keys({
  timeout: duration(1).prefault('1s').meta({
    description: 'How long a request waits for an answer that is not remembered. Below `deadline`.',
  }),
  fetch_timeout: duration(1).prefault('5s').meta({
    description: 'How long asking goes on after that, for the next request.',
  }),
  on_unavailable: onFailure.default('deny').meta({ description: 'When the responder does not answer.' }),
  on_no_source: onFailure.default('deny').meta({ description: 'When the certificate names no responder.' }),
  skew: duration(0).prefault('1m').meta({ description: "By how much a responder's clock may differ." }),
  max_age: duration(1).prefault('24h').meta({ description: 'For how long an answer without nextUpdate may be used.' }),
  allow_sha1: yesOrNo.default(false).meta({ description: 'Whether signatures over SHA-1 count.' }),
  nonce: oneOf(['off', 'optional', 'required']).default('off').meta({
    description: 'RFC 9654. `required` refuses pre-produced answers, which most responders give.',
  }),
  allow_private_addresses: yesOrNo.default(false).meta({
    description: 'Whether responders on loopback, link-local and private addresses are asked.',
  }),
  allowed_hosts: list(hostname).optional().meta({
    description: 'The only hosts that certificates may name as responders. Default: any public one.',
  }),
  proxy: url(['http', 'https']).optional().meta({ description: 'An HTTP proxy on the way to responders.' }),
  connections: count(1, 1_000).prefault(8).meta({ description: 'Connections to one responder.' }),
  queue: count(0, 100_000).prefault(1_000).meta({ description: 'Requests that wait for one of them.' }),
  breaker: keys({
    failures: count(1, 1_000).prefault(5).meta({ description: 'Failures in a row that open it.' }),
    open: duration(1).prefault('5s').meta({ description: 'How long it stays open before one probe.' }),
    max_open: duration(1).prefault('1m').meta({ description: 'The longest that it grows to while probes fail.' }),
  })
    .prefault({})
    .meta({ description: 'Spares a responder that fails, and the callers that would wait for it.' }),
  cache: cacheSchema.prefault({}),
  issuers: list(issuerSchema).default([]).meta({ description: 'What differs for single issuers.' }),
})

/** The configuration file. Its descriptions are docs/configuration.md. */
export const configSchema = keys({
  listen: listen.prefault('unix:/run/devapp-authz/authz.sock').meta({
    description: 'Where Envoy reaches the service: a Unix socket, or a loopback address.',
  }),
  hostnames: hostnamesSchema.meta({ description: 'The gateway’s hostnames. The two kinds exclude each other.' }),
  policies: z.record(policyName, policySchema, { error: (issue) => expected('policies by name', issue.input) }).meta({
    description: 'By name: `[a-z0-9_-]`. An Envoy route names one in its `context_extensions`.',
  }),
  registry: keys({ file: text.meta({ description: 'The DevApps, a YAML file. It is read again when it changes.' }) }),
  qtsps: text.optional().meta({
    description: 'A folder of PEM files: the issuing CAs whose QWACs are accepted. Needed for `qwac: required`.',
  }),
  deadline: duration(1).prefault('1500ms').meta({
    description: 'The longest that one check takes. Below the timeout of Envoy’s ext_authz filter.',
  }),
  answers: keys({
    type_base: url(['https', 'http', 'urn']).prefault('https://devapp-authz.example/denials#').meta({
      description: 'The `type` of a refusal (RFC 9457) is this and the code: where your callers find docs/denials.md.',
    }),
  }).prefault({}),
  log: keys({
    level: oneOf(['debug', 'info', 'warn', 'error', 'silent']).default('info').meta({
      description: 'Decisions are logged at `info`.',
    }),
  }).prefault({}),
  ocsp: ocspSchema.prefault({}).meta({ description: 'How revocation is found out.' }),
})

export type ConfigFile = z.output<typeof configSchema>
export type PolicyFile = z.output<typeof policySchema>

/** Every key that the schema knows, for the one that was likely meant. */
export const knownKeys: readonly string[] = (() => {
  const found = new Set<string>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties' && typeof value === 'object')
        for (const name of Object.keys(value as object)) found.add(name)
      visit(value)
    }
  }
  visit(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }))
  return [...found]
})()
