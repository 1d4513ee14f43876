import { z } from 'zod'
import { parseListenAddress, parseLocalAddress } from '../listen_address.ts'
import { basicSchema } from './basic_schema.ts'
import { consoleSchema } from './console_schema.ts'
import { intakeSchema } from './intake_schema.ts'
import { ocspSchema } from './ocsp_schema.ts'
import { policyName, policySchema } from './policy_schema.ts'
import { postgresSchema } from './postgres_schema.ts'
import { signaturesSchema } from './signature_schema.ts'
import { tracingSchema } from './tracing_schema.ts'
import {
  count,
  duration,
  fraction,
  hostname,
  instant,
  keys,
  oneOf,
  read,
  someOf,
  text,
  url,
  yesOrNo,
} from './values.ts'

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
