import { resolve } from 'node:path'
import { Hostnames, type Policy, type Rate, type Rules } from '../domain/policy.ts'
import type { SignaturePolicy } from '../domain/signature.ts'
import type { ListenAddress } from '../listen_address.ts'
import { type Finding, findingsOf, readDocument, type Variables, valueAt } from './document.ts'
import { frozen } from './frozen.ts'
import { type NamedFile, namedFiles } from './named_files.ts'
import { type PolicyFile, rateSchema } from './policy_schema.ts'
import type { PostgresFile } from './postgres_schema.ts'
import { byLine, DocumentError, type Problem } from './problem.ts'
import { rules } from './rules.ts'
import { type ConfigFile, configSchema, knownKeys } from './schema.ts'

/** What an operator decides; durations in milliseconds, paths absolute. Frozen. */
export interface Config extends Rules {
  readonly listen: string
  /** Processes; 1 for this one alone. */
  readonly workers: number
  readonly adminAddress: string
  /** `undefined` where the console has no port of its own. */
  readonly console: ConsoleConfig | undefined
  readonly registry: RegistryLocation
  /** `undefined` where nobody scrapes. */
  readonly metricsAddress: ListenAddress | undefined
  readonly qtspsFolder: string | undefined
  readonly withdrawnFile: string | undefined
  readonly reflection: boolean
  readonly deadlineMs: number
  readonly shutdown: { readonly drainMs: number; readonly graceMs: number }
  readonly typeBase: string
  readonly log: LogConfig
  /** `undefined` where nothing is traced. */
  readonly tracing: ConfigFile['tracing']
  readonly lockout: ConfigFile['basic']['lockout']
  /** How many used signatures a process remembers. */
  readonly rememberedSignatures: number
  readonly intake: IntakeConfig
  readonly ocsp: ConfigFile['ocsp']
}

/** Where the DevApps are. */
export type RegistryLocation =
  | { readonly kind: 'file'; readonly path: string }
  | ({ readonly kind: 'postgres' } & PostgresFile)

export interface ConsoleConfig {
  readonly listen: Extract<ListenAddress, { kind: 'tcp' }>
  /** `undefined` where whoever reaches it may look. */
  readonly token: string | undefined
  readonly tls: { readonly certificate: string; readonly key: string } | undefined
}

/** Which chains of third parties are accepted. */
export interface IntakeConfig {
  /** A PEM file or a folder of them; `undefined` where Mozilla's roots are all. */
  readonly acceptedRoots: string | undefined
  /** `undefined` where the file does not say. SHA-256 of the SubjectPublicKeyInfo in lower-case hex. */
  readonly refusedIssuers: readonly ({ readonly organization: string } | { readonly keySha256: string })[] | undefined
}

export interface LogConfig {
  readonly level: ConfigFile['log']['level']
  /** `undefined` where the audit goes to standard output. */
  readonly auditFile: string | undefined
  readonly sampleAllows: number
  readonly buffered: boolean
}

export interface ConfigSource extends Variables {
  readonly text: string
  /** As the operator calls it, for what is said about it. */
  readonly name: string
  /** Relative paths in the file start here. */
  readonly folder: string
}

/** What a configuration file holds, whether or not it can be used. */
export interface Examination {
  /** Both are `undefined` where there is any problem. */
  readonly config: Config | undefined
  readonly file: ConfigFile | undefined
  /** All of them at once, by line: of the syntax, of values, of variables and between the parts. */
  readonly problems: readonly Problem[]
  /** As far as they can be read. */
  readonly namedFiles: readonly NamedFile[]
  readonly located: (finding: Finding) => Problem
}

/** Longer texts are no configuration. */
const maxLength = 1_048_576

/** Reads a configuration file. Throws a DocumentError that names every problem of it at once. */
export function loadConfig(source: ConfigSource): Config {
  const { config, problems } = examineConfig(source)
  if (config === undefined) throw new DocumentError(source.name, problems)
  return config
}

/** The same without throwing, for who wants to know more. Opens no file by itself. */
export function examineConfig({ text, folder, ...variables }: ConfigSource): Examination {
  const tooLong = text.length > maxLength
  const document = readDocument(tooLong ? '' : text, variables)
  const { value, located } = document
  const parsed = configSchema.safeParse(value ?? {})
  const findings = [
    ...(parsed.success ? [] : findingsOf(parsed.error, knownKeys)),
    ...rules.flatMap(({ broken }) => broken(value)),
  ]
    // After a syntax error, what is missing may only be unreadable.
    .filter(({ path }) => !document.damaged || valueAt(value, path) !== undefined)
    .map(located)
    // What stands where a variable is missing is not what the operator meant: it says nothing more.
    .filter(({ path }) => !document.problems.some((missing) => missing.path !== '' && missing.path === path))
  const problems = tooLong ? [lengthProblem] : byLine([...document.problems, ...findings])
  const file = parsed.success && problems.length === 0 ? parsed.data : undefined
  const config = file && frozen(configOf(file, folder))
  return { config, file, problems, namedFiles: namedFiles(value, folder), located }
}

const lengthProblem: Problem = {
  path: '',
  line: undefined,
  message: `longer than ${maxLength} characters`,
  cure: 'name the right file',
}

function configOf(file: ConfigFile, folder: string): Config {
  const [mtls, ...otherMtls] = file.hostnames.mtls
  const [tls, ...otherTls] = file.hostnames.tls
  const inFolder = (path: string) => resolve(folder, path)
  return {
    listen: file.listen,
    workers: file.workers,
    adminAddress: file.admin,
    hostnames: new Hostnames({
      mtls: [mtls ?? '', ...otherMtls],
      tls: [tls ?? '', ...otherTls],
      try: file.hostnames.try,
    }),
    policies: new Map(Object.entries(file.policies).map(([name, policy]) => [name, policyOf(name, policy)])),
    console: file.console && {
      ...{ listen: file.console.listen, token: file.console.token },
      tls: file.console.tls && consoleTlsOf(file.console.tls, inFolder),
    },
    registry: registryOf(file.registry, inFolder),
    metricsAddress: file.metrics?.listen,
    shadowUntil: file.shadow?.until,
    qtspsFolder: file.qtsps === undefined ? undefined : inFolder(file.qtsps),
    withdrawnFile: file.psd2.withdrawn === undefined ? undefined : inFolder(file.psd2.withdrawn),
    reflection: file.reflection,
    deadlineMs: file.deadline,
    shutdown: { drainMs: file.shutdown.drain, graceMs: file.shutdown.grace },
    typeBase: file.answers.type_base.href,
    log: logOf(file.log, inFolder),
    tracing: file.tracing,
    lockout: file.basic.lockout,
    rememberedSignatures: file.signatures.remembered,
    intake: intakeOf(file.intake, inFolder),
    ocsp: {
      ...file.ocsp,
      issuers: file.ocsp.issuers.map((issuer) => ({
        ...issuer,
        certificate: inFolder(issuer.certificate),
        responder_certificate: issuer.responder_certificate && inFolder(issuer.responder_certificate),
      })),
      cache: cacheOf(file.ocsp.cache, inFolder),
    },
  }
}

type InFolder = (path: string) => string

function registryOf({ file, postgres }: ConfigFile['registry'], inFolder: InFolder): RegistryLocation {
  if (postgres === undefined) return { kind: 'file', path: inFolder(file ?? '') }
  const { password_file, tls } = postgres
  return {
    ...{ kind: 'postgres', ...postgres },
    ...{ password_file: password_file && inFolder(password_file), tls: tls && tlsOf(tls, inFolder) },
  }
}

const consoleTlsOf = (tls: { certificate: string; key: string }, inFolder: InFolder) => ({
  certificate: inFolder(tls.certificate),
  key: inFolder(tls.key),
})

function intakeOf(intake: ConfigFile['intake'], inFolder: InFolder): IntakeConfig {
  return {
    acceptedRoots: intake.accepted_roots === undefined ? undefined : inFolder(intake.accepted_roots),
    refusedIssuers: intake.refused_issuers?.flatMap(({ organization, key_sha256 }) => [
      ...(organization === undefined ? [] : [{ organization }]),
      ...(key_sha256 === undefined ? [] : [{ keySha256: key_sha256 }]),
    ]),
  }
}

function logOf(log: ConfigFile['log'], inFolder: (path: string) => string): LogConfig {
  const { level, audit, sample_allows: sampleAllows, buffered } = log
  return { level, auditFile: audit === 'stdout' ? undefined : inFolder(audit), sampleAllows, buffered }
}

type CacheFile = ConfigFile['ocsp']['cache']

function cacheOf(cache: CacheFile, inFolder: InFolder): CacheFile {
  const { redis } = cache
  return redis?.tls === undefined ? cache : { ...cache, redis: { ...redis, tls: tlsOf(redis.tls, inFolder) } }
}

function tlsOf<Tls extends Partial<Record<'ca' | 'certificate' | 'key', string | undefined>>>(
  tls: Tls,
  inFolder: InFolder,
): Tls {
  const { ca, certificate, key } = tls
  return {
    ...tls,
    ...{ ca: ca && inFolder(ca), certificate: certificate && inFolder(certificate), key: key && inFolder(key) },
  }
}

function policyOf(name: string, policy: PolicyFile): Policy {
  return {
    name,
    channel: policy.channel,
    require: new Set(policy.require ?? []),
    product: policy.product,
    psd2: policy.psd2,
    signature: policy.signature && signatureOf(policy.signature),
    onUnavailable: policy.on_unavailable,
    onNoSource: policy.on_no_source,
    answer: policy.answer ?? (policy.psd2 === undefined ? 'problem' : 'berlin_group'),
    keepAuthorization: policy.keep_authorization,
    shadow: policy.shadow,
    rate: policy.channel === 'try' ? rateOf(policy.rate) : undefined,
  }
}

function signatureOf(signature: NonNullable<PolicyFile['signature']>): SignaturePolicy {
  const { profile, max_body: maxBodyBytes, on_replay_unavailable: onReplayUnavailable } = signature
  if (profile === 'concatenated') return { profile, maxBodyBytes, onReplayUnavailable, rememberMs: signature.remember }
  const { headers, components, max_age: maxAgeMs, skew: skewMs, nonce } = signature
  return { profile, maxBodyBytes, onReplayUnavailable, headers: new Set(headers), components, maxAgeMs, skewMs, nonce }
}

function rateOf(rate: PolicyFile['rate']): Rate {
  const { requests, total, per } = rate ?? rateSchema.parse({})
  return { requests, total, perMs: per }
}
