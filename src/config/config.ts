import { resolve } from 'node:path'
import { Hostnames, type Policy, type Rules } from '../domain/policy.ts'
import type { ListenAddress } from '../listen_address.ts'
import { type Environment, type Finding, findingsOf, readDocument, valueAt } from './document.ts'
import { frozen } from './frozen.ts'
import { type NamedFile, namedFiles } from './named_files.ts'
import { byLine, DocumentError, type Problem } from './problem.ts'
import { rules } from './rules.ts'
import { type ConfigFile, configSchema, knownKeys, type PolicyFile } from './schema.ts'

/** What an operator decides; durations in milliseconds, paths absolute. Frozen. */
export interface Config extends Rules {
  readonly listen: string
  readonly adminAddress: string
  /** `undefined` where nobody scrapes. */
  readonly metricsAddress: ListenAddress | undefined
  readonly registryFile: string
  readonly qtspsFolder: string | undefined
  readonly withdrawnFile: string | undefined
  readonly deadlineMs: number
  readonly typeBase: string
  readonly logLevel: ConfigFile['log']['level']
  /** `undefined` where nothing is traced. */
  readonly tracing: ConfigFile['tracing']
  readonly ocsp: ConfigFile['ocsp']
}

export interface ConfigSource {
  readonly text: string
  /** As the operator calls it, for what is said about it. */
  readonly name: string
  /** Relative paths in the file start here. */
  readonly folder: string
  readonly environment: Environment
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

/** The same without throwing, for who wants to know more. Opens no file. */
export function examineConfig({ text, folder, environment }: ConfigSource): Examination {
  const tooLong = text.length > maxLength
  const document = readDocument(tooLong ? '' : text, environment)
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
    adminAddress: file.admin,
    hostnames: new Hostnames({ mtls: [mtls ?? '', ...otherMtls], tls: [tls ?? '', ...otherTls] }),
    policies: new Map(Object.entries(file.policies).map(([name, policy]) => [name, policyOf(name, policy)])),
    metricsAddress: file.metrics?.listen,
    shadowUntil: file.shadow?.until,
    registryFile: inFolder(file.registry.file),
    qtspsFolder: file.qtsps === undefined ? undefined : inFolder(file.qtsps),
    withdrawnFile: file.psd2.withdrawn === undefined ? undefined : inFolder(file.psd2.withdrawn),
    deadlineMs: file.deadline,
    typeBase: file.answers.type_base.href,
    logLevel: file.log.level,
    tracing: file.tracing,
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

type CacheFile = ConfigFile['ocsp']['cache']

function cacheOf(cache: CacheFile, inFolder: (path: string) => string): CacheFile {
  const { redis } = cache
  if (redis?.tls === undefined) return cache
  const { ca, certificate, key } = redis.tls
  const files = {
    ...{ ca: ca && inFolder(ca), certificate: certificate && inFolder(certificate) },
    key: key && inFolder(key),
  }
  return { ...cache, redis: { ...redis, tls: { ...redis.tls, ...files } } }
}

function policyOf(name: string, policy: PolicyFile): Policy {
  return {
    name,
    channel: policy.channel,
    require: new Set(policy.require),
    product: policy.product,
    psd2: policy.psd2,
    onUnavailable: policy.on_unavailable,
    onNoSource: policy.on_no_source,
    answer: policy.answer ?? (policy.psd2 === undefined ? 'problem' : 'berlin_group'),
    keepAuthorization: policy.keep_authorization,
    shadow: policy.shadow,
  }
}
