import { z } from 'zod'
import { psd2Roles } from '../domain/certificate.ts'
import { channels, credentials } from '../domain/policy.ts'
import { parseListenAddress, parseLocalAddress } from '../listen_address.ts'
import { basicSchema } from './basic_schema.ts'
import { consoleSchema } from './console_schema.ts'
import { intakeSchema } from './intake_schema.ts'
import { ocspSchema } from './ocsp_schema.ts'
import { postgresSchema } from './postgres_schema.ts'
import { signatureSchema, signaturesSchema } from './signature_schema.ts'
import { tracingSchema } from './tracing_schema.ts'
import {
  count,
  duration,
  fraction,
  hostname,
  instant,
  keys,
  list,
  oneOf,
  read,
  someOf,
  text,
  url,
  yesOrNo,
} from './values.ts'

const onFailure = oneOf(['deny', 'allow'])

const localAddress = (cure: string) =>
  read('a Unix socket or a loopback address', cure, { type: 'string' }, (written) =>
    typeof written === 'string' && parseLocalAddress(written) !== undefined ? written : undefined,
  )

/** Where operators reach a service that says nothing else, and where the command line looks for one. */
export const defaultAdminAddress = 'unix:/run/devapp-authz/admin.sock'

const hostnameList = someOf(hostname)

export const hostnamesSchema = keys({
  mtls: hostnameList.meta({
    description: 'Hostnames with 2-way TLS: Envoy asks for a client certificate. Callers are told the first one.',
    examples: [['api.example.com']],
  }),
  tls: hostnameList.meta({
    description: 'Hostnames with 1-way TLS. Callers are told the first one.',
    examples: [['api2.example.com']],
  }),
  try: hostnameList.optional().meta({
    description:
      'Hostnames to try a certificate on, which reach no API: see docs/try-it.md. Envoy takes any certificate there, or none.',
    examples: [['try.example.com']],
  }),
})

/** Also a label of metrics and a word in Envoy's configuration. */
export const policyName = /^[a-z0-9][a-z0-9_-]{0,62}$/

export const psd2Schema = keys({
  qwac: oneOf(['required', 'optional']).default('optional').meta({
    description: 'Whether the certificate must be a QWAC of a provider in `qtsps`.',
  }),
  roles: list(oneOf(psd2Roles))
    .default([])
    .meta({
      description: 'PSD2 roles that the certificate must hold (ETSI TS 119 495).',
      examples: [['PSP_AI']],
    }),
  match: oneOf(['all', 'any']).default('all').meta({ description: 'Whether all of the roles are needed, or one.' }),
})

export const rateSchema = keys({
  requests: count(1, 100_000).prefault(30).meta({
    description: 'How many requests of one source are answered `per`; an IPv6 source is a /64. Others get 429.',
  }),
  total: count(1, 1_000_000).prefault(600).meta({
    description:
      'How many of all sources together. It bounds what a flood costs this process, which also decides about APIs.',
  }),
  per: duration(1_000).prefault('1m').meta({ description: 'The time in which so many are answered, evenly.' }),
})

export const policySchema = keys({
  channel: oneOf(channels).meta({
    description: 'The kind of hostname that the APIs of this policy are served on; `try`: no API.',
  }),
  require: list(oneOf(credentials))
    .optional()
    .meta({
      description:
        'What the caller has to present; `[]` on a public API. `certificate` exactly on `mtls`. Of several, all, and of the same DevApp. Needed, except on `try`.',
      examples: [['certificate']],
    }),
  product: text.optional().meta({
    description: 'The API product that the DevApp must have selected. Default: any DevApp may call.',
    examples: ['ob-accounts'],
  }),
  psd2: psd2Schema.optional().meta({ description: 'What PSD2 asks of the certificate.' }),
  signature: signatureSchema.optional().meta({
    description: 'How requests are signed, where `require` asks for `signature`.',
  }),
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
  shadow: yesOrNo.default(false).meta({
    description: 'Whether refusals are logged and counted, and not enforced. Some always are: see docs/shadow-mode.md.',
  }),
  rate: rateSchema.optional().meta({
    description: 'How often certificates may be tried, on `try` alone. Default: that of its keys.',
  }),
})

export const registrySchema = keys({
  file: text.optional().meta({
    description: 'A YAML file. It is read again when it changes.',
    examples: ['devapps.yaml'],
  }),
  postgres: postgresSchema.optional().meta({
    description: 'A PostgreSQL database, instead of `file`. Every process follows its changes.',
  }),
})

const metricsSchema = keys({
  listen: read(
    'an address with a port',
    'write 127.0.0.1:9464, or 0.0.0.0:9464 for a Prometheus on another host',
    { type: 'string' },
    (written) => {
      const address = typeof written === 'string' ? parseListenAddress(written) : undefined
      return address?.kind === 'tcp' ? address : undefined
    },
  ).meta({
    description:
      'Where `/metrics` is, by address and port. Whoever reaches it learns how much traffic there is and what is refused, and nothing of who calls. Each process needs its own.',
    examples: ['127.0.0.1:9464', '0.0.0.0:9464'],
  }),
})

/** What concerns every policy with `psd2`. */
export const psd2ListsSchema = keys({
  withdrawn: text.optional().meta({
    description:
      'A YAML list of authorisations that were withdrawn while the certificates are still valid: entries with `organization_identifier`, as in the certificate, and `roles`, all where none are named. It has to be there, an empty list being `[]`, and is read again when it changes.',
    examples: ['withdrawn.yaml'],
  }),
})

/** What happens between SIGTERM and the end. */
const shutdownSchema = keys({
  drain: duration().prefault('5s').meta({
    description:
      'The longest wait for Envoy to hear by its health checks that the process is going, before it takes no further requests. Where nobody checks its health, it does not wait.',
  }),
  grace: duration(1)
    .prefault('5s')
    .meta({ description: 'How long what is under way may take after that. Then it is cut.' }),
})

const answersSchema = keys({
  type_base: url(
    ['https', 'http', 'urn', 'tag'],
    'write one to which the code can be added, such as https://host/denials#',
  )
    .refine((base) => /[#/=:]$/.test(base.href), {
      error: 'the code of a refusal is added to it, and would run into its last word',
      params: { cure: 'let it end in #, /, = or :' },
    })
    .prefault('https://devapp-authz.example/denials#')
    .meta({
      description:
        'The `type` of a refusal (RFC 9457) is this and the code. A published copy of docs/denials.md is a good place. The default names nothing on the internet, and is also what envoy/envoy.yaml puts into its own answers: change both.',
    }),
})

export const logSchema = keys({
  level: oneOf(['debug', 'info', 'warn', 'error', 'silent']).default('info').meta({
    description: 'Decisions are logged at `info`. `devapp-authz log-level` changes it for a while.',
  }),
  audit: text.default('stdout').meta({
    description:
      'Where refusals and changes to the registry go, whatever the level: `stdout`, marked with `"stream":"audit"`, or a file, which is appended to. With a file, refusals are in the log as well.',
    examples: ['/var/log/devapp-authz/audit.log'],
  }),
  sample_allows: fraction(0, 1).prefault(1).meta({
    description:
      'The part of the allowed requests that is logged. `sampled` in a line says for how many it stands; metrics count them all. Refusals and what was waived are always logged.',
  }),
  buffered: yesOrNo.default(false).meta({
    description:
      'Whether up to 16 KiB of lines wait in memory for at most a second, which costs less, and is lost when the process is killed.',
  }),
})

/** The configuration file. Its descriptions are docs/configuration.md. */
export const configSchema = keys({
  listen: localAddress(
    'the service believes whoever reaches it: write unix:/path/to.sock or 127.0.0.1:9191, with Envoy on the same host',
  )
    .prefault('unix:/run/devapp-authz/authz.sock')
    .meta({
      description:
        'Where Envoy reaches the service: the absolute path of a Unix socket, or a loopback address with a port. Whoever reaches it could claim any certificate, so nothing else is accepted.',
      examples: ['127.0.0.1:9191', '[::1]:9191'],
    }),
  workers: count(1, 64).prefault(1).meta({
    description:
      'Processes that serve, where one core is not enough: each with its own socket, `authz-0.sock`, `authz-1.sock` and so on instead of `authz.sock`, its own administration port and its own port for metrics: see docs/deployment.md.',
  }),
  hostnames: hostnamesSchema.meta({ description: "The gateway's hostnames. The kinds exclude each other." }),
  policies: z
    .record(z.string(), policySchema, {
      error: (issue) =>
        issue.input === undefined ? 'it is missing: expected policies by name' : 'expected policies by name',
    })
    .meta({
      description:
        'What each group of APIs asks of its callers, by name. An Envoy route names one in its `context_extensions`; one that names none, or another, is denied.',
      ...{ minProperties: 1, propertyNames: { pattern: policyName.source } },
    }),
  registry: registrySchema.meta({ description: 'Where the DevApps are.' }),
  qtsps: text.optional().meta({
    description:
      'A folder of PEM files: the issuing CAs whose QWACs are accepted. Needed for `qwac: required`. It is read again when it changes.',
    examples: ['qtsps/'],
  }),
  psd2: psd2ListsSchema.prefault({}).meta({ description: 'What PSD2 takes besides the policies.' }),
  shadow: keys({
    until: instant.meta({
      description: 'From this instant on, by the clock, refusals are enforced again.',
      examples: ['2026-12-31T00:00:00Z'],
    }),
  })
    .optional()
    .meta({ description: 'Shadow mode for all policies at once, as `policies.NAME.shadow` is for one.' }),
  basic: basicSchema.prefault({}).meta({ description: 'What concerns every policy with `basic`.' }),
  signatures: signaturesSchema.prefault({}).meta({ description: 'What concerns every policy with `signature`.' }),
  intake: intakeSchema.prefault({}).meta({ description: 'Which chains of third parties are accepted.' }),
  reflection: yesOrNo.default(false).meta({
    description: "Whether gRPC's server reflection tells which services there are, for tools such as grpcurl.",
  }),
  deadline: duration(1).prefault('1500ms').meta({
    description: "The longest that one check takes. Below the timeout of Envoy's ext_authz filter.",
  }),
  shutdown: shutdownSchema.prefault({}).meta({ description: 'How the process ends on SIGTERM.' }),
  answers: answersSchema.prefault({}).meta({ description: 'What refusals say.' }),
  admin: localAddress('the service obeys whoever reaches it: write unix:/path/to.sock or 127.0.0.1:9192')
    .prefault(defaultAdminAddress)
    .meta({
      description:
        'Where operators and the command line reach the service: the absolute path of a Unix socket, or a loopback address with a port. Each process needs its own. Whoever reaches it may see and purge what is remembered, so nothing else is accepted.',
      examples: ['127.0.0.1:9192'],
    }),
  console: consoleSchema.optional().meta({
    description:
      'The console for browsers on a port of its own, which changes nothing: see docs/console.md. It is on `admin` too. Default: no such port.',
  }),
  metrics: metricsSchema
    .optional()
    .meta({ description: 'What Prometheus scrapes: see docs/metrics.md. Default: no port for it.' }),
  tracing: tracingSchema.optional().meta({
    description: 'Spans by OpenTelemetry: see docs/tracing.md. Default: no tracing.',
  }),
  log: logSchema.prefault({}).meta({ description: 'One JSON object a line, on standard output: see docs/logging.md.' }),
  ocsp: ocspSchema.prefault({}).meta({ description: 'How revocation is found out.' }),
})

export type ConfigFile = z.output<typeof configSchema>
export type PolicyFile = z.output<typeof policySchema>

/** The keys that the section at a path may have; none where it is no section with keys of its own. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const at = path.reduce<JsonSchema | undefined>(
    (node, step) => (typeof step === 'number' ? node?.items : (node?.properties?.[String(step)] ?? additional(node))),
    jsonSchema(),
  )
  return Object.keys(at?.properties ?? {})
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | false
}

const additional = (node: JsonSchema | undefined): JsonSchema | undefined => node?.additionalProperties || undefined

const jsonSchema = (): JsonSchema => z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema
