import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ConfigSource, examineConfig } from '../config/config.ts'
import { auditBootstrap, configurationFinding, type Finding } from '../envoy/bootstrap_audit/audit.ts'
import type { Service } from '../envoy/bootstrap_audit/rule.ts'
import type { ReadFile } from '../envoy/bootstrap_audit/sources.ts'
import { bytesOfFile } from './certificate_file.ts'
import { printable } from './columns.ts'
import { configSourceOf } from './configuration_file.ts'
import { exitCode, type Io } from './io.ts'

const usage = `Names what in Envoy's configuration would let someone around the service, or break it: each finding with its line, its path,
why it matters and the cure. FILE is Envoy's bootstrap, YAML or JSON. Listeners, routes, clusters and HTTP filters that it
takes from files (path_config_source) are read too; a relative path starts at FILE's folder, or else at the working directory.

Usage: devapp-authz check-envoy FILE [--config FILE] [--json]

  --config FILE  the service's configuration: its hostnames, policies, address and deadline are compared with Envoy's
  --json         one object: { ok, findings: [{ code, severity, file, path, line, message, why, cure }] }
  -h, --help     this text

It judges what concerns the service. Whether Envoy takes the file at all, Envoy says: envoy --mode validate -c FILE

Exit code: 0 without errors (there may be warnings), 1 with some, 2 when it was called wrongly. docs/check-envoy.md has every
finding.
`

/** `devapp-authz check-envoy`, given the arguments after it. Returns the exit code. */
export function checkEnvoy(argv: string[], io: Io, environment: NodeJS.ProcessEnv = process.env): number {
  const command = commandOf(argv)
  if ('mistake' in command) {
    io.stderr(`devapp-authz check-envoy: ${command.mistake}\n\n${usage}`)
    return exitCode.usage
  }
  if ('help' in command) {
    io.stdout(usage)
    return exitCode.done
  }
  const { file, config, json } = command
  const configuration = config === undefined ? noConfiguration : configurationOf(config, environment)
  const audited = auditBootstrap({ path: file, read: readerFor(file), service: configuration.service })
  const findings = [...configuration.findings, ...audited]
  const ok = findings.every(({ severity }) => severity !== 'error')
  io.stdout(json ? `${JSON.stringify({ ok, findings }, undefined, 2)}\n` : report(file, findings))
  return ok ? exitCode.done : exitCode.refused
}

type Command = { help: true } | { file: string; config: string | undefined; json: boolean } | { mistake: string }

function commandOf(argv: string[]): Command {
  try {
    const options = {
      config: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
    if (values.help === true) return { help: true }
    const [file, ...others] = positionals
    if (file === undefined) return { mistake: 'which FILE?' }
    if (others.length > 0) return { mistake: `one FILE at a time, not also ${others.join(' ')}` }
    return { file, config: values.config, json: values.json ?? false }
  } catch (error) {
    return { mistake: (error as Error).message }
  }
}

interface Configuration {
  readonly service: Service | undefined
  /** Why it could not be read. */
  readonly findings: readonly Finding[]
}

const noConfiguration: Configuration = { service: undefined, findings: [] }

function configurationOf(file: string, environment: NodeJS.ProcessEnv): Configuration {
  let source: ConfigSource
  try {
    source = configSourceOf(file, environment)
  } catch (error) {
    const message = (error as Error).message
    const problem = { path: '', line: undefined, message, cure: 'name the configuration of the service' }
    return { service: undefined, findings: [configurationFinding(file, problem)] }
  }
  const examined = examineConfig(source)
  const findings = examined.problems.map((problem) => configurationFinding(file, problem))
  return { service: examined.file, findings }
}

/** Room for the routes of a large gateway. */
const maxFileMiB = 16

/** A relative path is sought beside the bootstrap, and then where Envoy seeks it: in the working directory. */
function readerFor(bootstrap: string): ReadFile {
  return (path) => {
    const beside = join(dirname(bootstrap), path)
    const name = path === bootstrap || isAbsolute(path) || !existsSync(beside) ? path : beside
    return { name, text: bytesOfFile(name, maxFileMiB).toString('utf8') }
  }
}

function report(file: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return `${printable(file)} holds nothing that leads around the service or breaks it.\n`
  return `${[...findings.map(paragraph), summary(findings)].join('\n')}\n`
}

function paragraph({ code, severity, file, path, line, message, why, cure }: Finding): string {
  const place = line === undefined ? file : `${file}:${line}`
  const lines = [
    `${place}: ${severity} ${code}: ${message}`,
    ...(path === '' ? [] : [`  where: ${path}`]),
    `  why:   ${why}`,
    `  cure:  ${cure}`,
  ]
  return lines.map((each) => `${printable(each)}\n`).join('')
}

function summary(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`
  return `${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}`
}
