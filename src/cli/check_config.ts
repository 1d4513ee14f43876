import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Config, type ConfigSource, type Examination, examineConfig } from '../config/config.ts'
import type { NamedFile } from '../config/named_files.ts'
import { nameOfPostgres } from '../config/postgres_schema.ts'
import { byLine, DocumentError, type Problem, problemText } from '../config/problem.ts'
import { nameOfRedis } from '../config/redis_schema.ts'
import { writtenHere } from '../config/values.ts'
import { certificatesFromPem } from '../pki/certificate.ts'
import { WithdrawalList } from '../registry/withdrawals.ts'
import { bytesOfFile } from './certificate_file.ts'
import { columns } from './columns.ts'
import { configSourceOf } from './configuration_file.ts'
import { exitCode, type Io } from './io.ts'

const usage = `Names every problem of a configuration file at once, each with its line, its path and the cure; without any, says what the
file configures. The files that it names have to be there. Starts nothing, asks nobody and writes nothing.

Usage: devapp-authz check-config FILE [--json]

  --json   one object: { ok, problems: [{ path, line, message, cure }] }
  --help   this text

Exit code: 0 without problems, 1 with some, 2 when it was called wrongly. docs/configuration.md has every key.
`

/** `devapp-authz check-config`, given the arguments after it. Returns the exit code. */
export function checkConfig(argv: string[], io: Io, environment: NodeJS.ProcessEnv = process.env): number {
  const command = commandOf(argv)
  if ('mistake' in command) {
    io.stderr(`devapp-authz check-config: ${command.mistake}\n\n${usage}`)
    return exitCode.usage
  }
  if ('help' in command) {
    io.stdout(usage)
    return exitCode.done
  }
  const { file, json } = command
  let source: ConfigSource
  try {
    source = configSourceOf(file, environment)
  } catch (error) {
    io.stderr(`devapp-authz check-config: ${(error as Error).message}\n`)
    return exitCode.refused
  }
  const examined = examineConfig(source)
  const problems = byLine([...examined.problems, ...problemsOfNamedFiles(examined)])
  if (json) io.stdout(`${JSON.stringify({ ok: problems.length === 0, problems }, undefined, 2)}\n`)
  else if (problems.length > 0) io.stderr(listing(file, problems))
  else if (examined.config !== undefined) io.stdout(summary(file, examined.config, examined.file))
  return problems.length === 0 ? exitCode.done : exitCode.refused
}

type Command = { help: true } | { file: string; json: boolean } | { mistake: string }

function commandOf(argv: string[]): Command {
  try {
    const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
    if (values.help === true) return { help: true }
    const [file, ...others] = positionals
    if (file === undefined) return { mistake: 'which FILE?' }
    if (others.length > 0) return { mistake: `one FILE at a time, not also ${others.join(' ')}` }
    return { file, json: values.json ?? false }
  } catch (error) {
    return { mistake: (error as Error).message }
  }
}

function listing(file: string, problems: readonly Problem[]): string {
  const lines = problems.map((problem) => `${problemText(file, problem)}\n`).join('')
  return `${lines}${problems.length === 1 ? '1 problem' : `${problems.length} problems`}\n`
}

function problemsOfNamedFiles({ namedFiles, located }: Examination): Problem[] {
  return namedFiles.flatMap((named) => mistakesIn(named).map((mistake) => located({ path: named.path, ...mistake })))
}

interface Mistake {
  readonly message: string
  readonly cure: string
}

/** What these hold is the start's to judge: it is long, or a secret. */
const heldInConfidence: ReadonlySet<NamedFile['holds']> = new Set(['devapps', 'password', 'key'])

/**
 * Why the service could not start with the file, or could not use it. Says what the configuration calls it, since a variable
 * may stand there.
 */
function mistakesIn({ file, holds }: NamedFile): readonly Mistake[] {
  try {
    if (holds === 'folder_of_certificates') return mistakesInFolder(file)
    if (holds === 'certificates_or_folder' && statSync(file).isDirectory()) return mistakesInFolder(file)
    if (!statSync(file).isFile()) return [{ message: `${writtenHere} is no file`, cure: 'name a file' }]
    accessSync(file, constants.R_OK)
    if (holds === 'withdrawals') return mistakesInWithdrawals(file)
    return heldInConfidence.has(holds) ? [] : mistakesInCertificates(file, writtenHere)
  } catch (error) {
    return [unreadable(error)]
  }
}

function mistakesInFolder(folder: string): readonly Mistake[] {
  if (!statSync(folder).isDirectory()) {
    return [{ message: `${writtenHere} is no folder`, cure: 'name the folder that the certificates are in' }]
  }
  const files = readdirSync(folder).filter((name) => /\.(pem|crt|cer)$/.test(name))
  if (files.length > 0)
    return files.sort().flatMap((name) => mistakesInCertificates(join(folder, name), `${writtenHere}: ${name}`))
  const cure = 'put the certificates of the accepted CAs there, as .pem, .crt or .cer'
  return [{ message: `${writtenHere} holds no certificate`, cure }]
}

/** The service does not start without the list, so that it does not start with a broken one either. */
function mistakesInWithdrawals(file: string): readonly Mistake[] {
  try {
    new WithdrawalList(bytesOfFile(file).toString('utf8'), writtenHere)
    return []
  } catch (error) {
    if (!(error instanceof DocumentError)) return [unreadable((error as Error).cause)]
    return error.problems.map(({ path, line, message, cure }) => {
      const place = [line === undefined ? writtenHere : `${writtenHere}, line ${line}`, path].filter(
        (part) => part !== '',
      )
      return { message: `${place.join(': ')}: ${message}`, cure }
    })
  }
}

function mistakesInCertificates(file: string, name: string): readonly Mistake[] {
  const cure = 'put a certificate in PEM there: devapp-authz cert show FILE says what can be read'
  let pem: string
  try {
    pem = bytesOfFile(file).toString('latin1')
  } catch (error) {
    return [unreadable((error as Error).cause, name)]
  }
  try {
    return certificatesFromPem(pem).length > 0 ? [] : [{ message: `${name} holds no certificate`, cure }]
  } catch (error) {
    return [{ message: `${name}: ${(error as Error).message}`, cure }]
  }
}

function unreadable(error: unknown, name: string = writtenHere): Mistake {
  const { code, message } = error as NodeJS.ErrnoException
  const cure = 'create it, or mend the path: a relative one starts at the folder of the configuration'
  if (code === 'ENOENT') return { message: `there is no ${name}`, cure }
  if (code === 'EACCES') return { message: `${name} may not be read`, cure: 'permit the user who runs the service' }
  // A message of the system's repeats the path.
  return { message: `${name} cannot be read: ${code ?? message}`, cure: 'mend the path' }
}

function summary(file: string, config: Config, written: Examination['file']): string {
  const { mtls = [], tls = [], try: tried = [] } = written?.hostnames ?? {}
  const { redis } = config.ocsp.cache
  const paragraph = [
    `${file} holds no problem.`,
    `The service listens on ${config.listen} for ${mtls.join(', ')} with 2-way TLS and ${tls.join(', ')} with 1-way TLS.`,
    ...(tried.length === 0 ? [] : [`Certificates are tried on ${tried.join(', ')}.`]),
    `DevApps are in ${config.registry.kind === 'file' ? basename(config.registry.path) : nameOfPostgres(config.registry)}.`,
    `A check takes at most ${config.deadlineMs} ms, of which ${config.ocsp.timeout} ms are for an OCSP answer;`,
    `answers are remembered in memory${redis === undefined ? '' : ` and in ${nameOfRedis(redis)}`}.`,
  ]
  const signed = [...config.policies.values()].filter(({ signature }) => signature !== undefined)
  if (signed.length > 0)
    paragraph.push(
      redis === undefined
        ? `Used signatures are remembered by each process alone: with several processes, one can be used once at each.`
        : `Used signatures are remembered in ${nameOfRedis(redis)}.`,
    )
  const shadow = shadowOf(config)
  const warning = shadow === undefined ? '' : `${wrapped(shadow, 100)}\n\n`
  return `${wrapped(paragraph.join(' '), 100)}\n\n${warning}${tableOfPolicies(config)}`
}

/** The policies whose refusals are not enforced; `undefined` where there are none. */
function shadowOf({ policies, shadowUntil }: Config): string | undefined {
  const named = [...policies.values()].filter(({ shadow }) => shadow).map(({ name }) => name)
  const all = shadowUntil && `of every policy until ${shadowUntil.toISOString()}`
  const which = [named.length > 0 ? `of ${named.join(', ')}` : '', all ?? ''].filter((part) => part !== '')
  return which.length === 0 ? undefined : `SHADOW MODE: refusals ${which.join(', and ')} are logged and not enforced.`
}

function tableOfPolicies({ policies, ocsp }: Config): string {
  return columns([
    ['POLICY', 'CHANNEL', 'REQUIRES', 'PRODUCT', 'PSD2', 'NO ANSWER', 'NO SOURCE'],
    ...[...policies.values()].map(({ name, channel, require, product, psd2, onUnavailable, onNoSource }) => {
      const asked = require.has('certificate')
      const roles = psd2?.roles.join(psd2.match === 'any' ? ' or ' : ' and ') ?? ''
      const psd2Text = [psd2?.qwac === 'required' ? 'QWAC' : '', roles].filter((part) => part !== '').join(', ')
      return [
        ...[name, channel, [...require].join(' and ') || 'nothing', product ?? '-', psd2Text || '-'],
        ...[asked ? (onUnavailable ?? ocsp.on_unavailable) : '-', asked ? (onNoSource ?? ocsp.on_no_source) : '-'],
      ]
    }),
  ])
}

function wrapped(text: string, width: number): string {
  return text.replaceAll(new RegExp(`(?=.{${width + 1}})(.{1,${width}}) `, 'g'), '$1\n')
}
