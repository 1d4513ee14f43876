import { resolve } from 'node:path'
import { Hostnames, type Policy, type Rules } from '../domain/policy.ts'
import { type Environment, findingsOf, readDocument } from './document.ts'
import { DocumentError } from './problem.ts'
import { findingsBetween } from './rules.ts'
import { type ConfigFile, configSchema, knownKeys, type PolicyFile } from './schema.ts'

/** What an operator decides; durations in milliseconds, paths absolute. Frozen. */
export interface Config extends Rules {
  readonly listen: string
  readonly registryFile: string
  readonly qtspsFolder: string | undefined
  readonly deadlineMs: number
  readonly typeBase: string
  readonly logLevel: ConfigFile['log']['level']
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

/** Reads a configuration file. Throws a DocumentError that names every problem of it at once. */
export function loadConfig(source: ConfigSource): Config {
  const document = readDocument(source.text, source.environment)
  if (document.value === undefined) throw new DocumentError(source.name, document.problems)
  const parsed = configSchema.safeParse(document.value)
  const findings = [
    ...(parsed.success ? [] : findingsOf(parsed.error, knownKeys)),
    ...findingsBetween(document.value),
  ].map(document.located)
  // What stands where a variable is missing is not what the operator meant: it says nothing more.
  const further = findings.filter(({ path }) => !document.problems.some((missing) => missing.path === path))
  const problems = [...document.problems, ...further].sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  if (problems.length > 0 || !parsed.success) throw new DocumentError(source.name, problems)
  return frozen(configOf(parsed.data, source.folder))
}

function configOf(file: ConfigFile, folder: string): Config {
  const [mtls, ...otherMtls] = file.hostnames.mtls
  const [tls, ...otherTls] = file.hostnames.tls
  const inFolder = (path: string) => resolve(folder, path)
  return {
    listen: file.listen,
    hostnames: new Hostnames({ mtls: [mtls ?? '', ...otherMtls], tls: [tls ?? '', ...otherTls] }),
    policies: new Map(Object.entries(file.policies).map(([name, policy]) => [name, policyOf(name, policy, file)])),
    registryFile: inFolder(file.registry.file),
    qtspsFolder: file.qtsps === undefined ? undefined : inFolder(file.qtsps),
    deadlineMs: file.deadline,
    typeBase: file.answers.type_base.href,
    logLevel: file.log.level,
    ocsp: {
      ...file.ocsp,
      issuers: file.ocsp.issuers.map((issuer) => ({
        ...issuer,
        certificate: inFolder(issuer.certificate),
        responder_certificate: issuer.responder_certificate && inFolder(issuer.responder_certificate),
      })),
    },
  }
}

function policyOf(name: string, policy: PolicyFile, file: ConfigFile): Policy {
  return {
    name,
    channel: policy.channel,
    require: new Set(policy.require),
    product: policy.product,
    psd2: policy.psd2,
    onUnavailable: policy.on_unavailable ?? file.ocsp.on_unavailable,
    onNoSource: policy.on_no_source ?? file.ocsp.on_no_source,
    answer: policy.answer ?? (policy.psd2 === undefined ? 'problem' : 'berlin_group'),
    keepAuthorization: policy.keep_authorization,
  }
}

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of value instanceof Map ? value.values() : Object.values(value)) frozen(part)
  }
  return value
}
