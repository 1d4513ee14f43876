import { createReadStream, renameSync, writeFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { maxChainFileBytes } from '../intake/chain_file.ts'
import type { ChainReport } from '../intake/chain_report.ts'
import { checkChain } from '../intake/check_chain.ts'
import { reasonOf } from './certificate_file.ts'
import { reportJson, reportText } from './chain_report.ts'
import { configurationIn } from './configuration_file.ts'
import { intakeOptions } from './intake_options.ts'
import { exitCode, type Io } from './io.ts'
import { jsonText } from './service_command.ts'
import { timeOf } from './time_option.ts'

const usage = `Accepts or refuses the certificate chain of a third party, and says everything that is wrong with it, with the cure.

Usage: devapp-authz chain check FILE [options]

  FILE              the chain in PEM, the leaf first, the root last; - for standard input
  --roots PATH      a PEM file, or a folder of .pem, .crt and .cer files: roots that are accepted beside
                    Mozilla's and those of the configuration
  --config FILE     the configuration: its intake and its ocsp count
  --at TIME         judge as of this time, such as 2026-06-15T12:00:00Z (default: now);
                    revocation is not asked about then
  --offline         ask nobody whether the certificate is revoked
  --write-fixed OUT write the chain in its right order there, certificates only, where it is complete
  --json            one object: { accepted, problems: [{ code, position, subject, message, cure }], warnings }
  -h, --help        this text

Revocation is asked about only where nothing else is wrong. docs/intake.md has every code.
Exit code: 0 accepted, 1 refused, 2 wrong usage or an unreadable file.
`

/** `devapp-authz chain check`, given the arguments after `check`. Returns the exit code. */
export async function chainCheck(argv: string[], io: Io, stdin: Readable = process.stdin): Promise<number> {
  try {
    const command = commandOf(argv)
    if (command === 'help') {
      io.stdout(usage)
      return exitCode.done
    }
    const report = await reportOf(command, stdin)
    const name = command.file === '-' ? 'The chain' : command.file
    io.stdout(command.json ? jsonText(reportJson(report)) : reportText(report, name))
    if (command.out !== undefined) io.stderr(`${writeFixed(command.out, report)}\n`)
    return report.accepted ? exitCode.done : exitCode.refused
  } catch (error) {
    // Not 1, which is a verdict.
    io.stderr(`devapp-authz chain check: ${(error as Error).message}\nTry --help.\n`)
    return exitCode.usage
  }
}

interface Command {
  readonly file: string
  readonly roots: readonly string[]
  readonly config: string | undefined
  readonly at: Date | undefined
  readonly offline: boolean
  readonly out: string | undefined
  readonly json: boolean
}

const options = {
  roots: { type: 'string', multiple: true },
  config: { type: 'string' },
  at: { type: 'string' },
  offline: { type: 'boolean', default: false },
  'write-fixed': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** Throws an Error that says what is wrong with the arguments. */
function commandOf(argv: string[]): Command | 'help' {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  if (values.help) return 'help'
  const [file, ...others] = positionals
  if (file === undefined) throw new Error('which FILE?')
  if (others.length > 0) throw new Error(`one FILE at a time, not also ${others.join(' ')}`)
  const { roots = [], config, offline, json } = values
  const at = values.at === undefined ? undefined : timeOf(values.at)
  return { file, roots, config, at, offline, out: values['write-fixed'], json }
}

async function reportOf({ file, roots, config, at, offline }: Command, stdin: Readable): Promise<ChainReport> {
  const bytes = await beginningOf(file === '-' ? stdin : createReadStream(file), file)
  const asks = at === undefined && !offline
  const configuration = config === undefined ? undefined : configurationIn(config)
  const intake = intakeOptions(configuration, { at: at ?? new Date(), roots, asks })
  try {
    return await checkChain(bytes, intake.rules)
  } finally {
    await intake.close()
  }
}

/** As much of a file, or of a pipe, as tells whether it is too large. */
async function beginningOf(source: Readable, name: string): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of source) {
      chunks.push(chunk)
      length += chunk.length
      if (length > maxChainFileBytes) break
    }
  } catch (cause) {
    throw new Error(`${name}: ${reasonOf(cause)}`, { cause })
  }
  return Buffer.concat(chunks)
}

/** Replaces the file in one step. Returns what was done, in words. */
function writeFixed(out: string, { rightOrder }: ChainReport): string {
  if (rightOrder === undefined) return `${out} was not written: the file does not hold a whole chain`
  writeFileSync(`${out}.new`, rightOrder, { mode: 0o644 })
  renameSync(`${out}.new`, out)
  return `${out} has the chain in its right order`
}
