import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { type Config, loadConfig } from '../config/config.ts'
import { DocumentError, type Problem, problemText } from '../config/problem.ts'
import { exitCode, type Io } from './io.ts'

const usage = `Names every problem of a configuration file at once, each with its line, its path and the cure. Starts nothing, asks nobody
and writes nothing.

Usage: devapp-authz check-config FILE [--json]

  --json   one object: { ok, problems: [{ path, line, message, cure }] }
  --help   this text

Exit code: 0 without problems, 1 with some, 2 when it was called wrongly. docs/configuration.md has every key.
`

/** `devapp-authz check-config`. */
export function checkConfig(argv: string[], io: Io): number {
  let parsed: { values: { json?: boolean; help?: boolean }; positionals: string[] }
  try {
    const options = { json: { type: 'boolean' }, help: { type: 'boolean' } } as const
    parsed = parseArgs({ args: argv, options, allowPositionals: true })
  } catch (error) {
    io.stderr(`devapp-authz check-config: ${(error as Error).message}\n\n${usage}`)
    return exitCode.usage
  }
  if (parsed.values.help === true) {
    io.stdout(usage)
    return exitCode.done
  }
  const [file, ...others] = parsed.positionals
  if (file === undefined || others.length > 0) {
    io.stderr(`devapp-authz check-config: name one FILE\n\n${usage}`)
    return exitCode.usage
  }
  if (!existsSync(file) || !statSync(file).isFile()) {
    io.stderr(`devapp-authz check-config: there is no file ${file}\n`)
    return exitCode.usage
  }
  const { config, problems } = check(file)
  if (parsed.values.json === true)
    io.stdout(`${JSON.stringify({ ok: problems.length === 0, problems }, undefined, 2)}\n`)
  else if (config !== undefined && problems.length === 0) io.stdout(summary(file, config))
  else io.stdout(`${problems.map((problem) => problemText(file, problem)).join('\n')}\n${problems.length} problems\n`)
  return problems.length === 0 ? exitCode.done : exitCode.refused
}

function check(file: string): { config: Config | undefined; problems: readonly Problem[] } {
  try {
    const text = readFileSync(file, 'utf8')
    const config = loadConfig({ text, name: file, folder: dirname(file), environment: process.env })
    return { config, problems: missingFiles(config) }
  } catch (error) {
    if (error instanceof DocumentError) return { config: undefined, problems: error.problems }
    throw error
  }
}

/** Files that the configuration names and that are not there. */
function missingFiles(config: Config): Problem[] {
  const named: [string, string | undefined][] = [
    ['registry.file', config.registryFile],
    ['qtsps', config.qtspsFolder],
    ...config.ocsp.issuers.flatMap(({ certificate, responder_certificate }, index): [string, string | undefined][] => [
      [`ocsp.issuers[${index}].certificate`, certificate],
      [`ocsp.issuers[${index}].responder_certificate`, responder_certificate],
    ]),
  ]
  return named.flatMap(([path, file]) =>
    file === undefined || existsSync(file)
      ? []
      : [{ path, line: undefined, message: `there is no ${file}`, cure: 'create it, or mend the path' }],
  )
}

function summary(file: string, config: Config): string {
  const rows = [...config.policies.values()].map(({ name, channel, require, product, psd2 }) => [
    name,
    channel,
    [...require].join(' and ') || 'nothing',
    [product && `product ${product}`, psd2 && `PSD2 ${psd2.roles.join(psd2.match === 'any' ? ' or ' : ' and ')}`]
      .filter(Boolean)
      .join(', '),
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map(
    (row) =>
      `  ${row
        .map((cell, i) => (cell ?? '').padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}`,
  )
  return `${file} holds no problem. It listens on ${config.listen}, with ${rows.length} policies:\n${lines.join('\n')}\n`
}
