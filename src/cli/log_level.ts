import { parseArgs } from 'node:util'
import { type LogLevelDocument, logLevelDocument } from '../admin/log_level_documents.ts'
import { parseDuration } from '../duration.ts'
import { type LogLevel, logLevels } from '../ops/log.ts'
import { maxLevelMs } from '../ops/log_level.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, serviceFrom, serviceOptions, serviceUsage, UsageError } from './service_command.ts'

const usage = `Shows how much a running service logs, or lets it log more or less for a while. The audit is not affected.

Usage: devapp-authz log-level [LEVEL] [--for DURATION] [--config FILE | --admin ADDRESS] [--json]

  LEVEL             ${logLevels.join(', ')}
  --for DURATION    then it is the configured level again; at most 24h (default: 10m)
${serviceUsage}
Exit code: 0 done, 1 the service cannot be asked, 2 wrong usage.
`

const options = { ...serviceOptions, for: { type: 'string', default: '10m' } } as const

/** `devapp-authz log-level`, given the arguments after it. Returns the exit code. */
export function logLevel(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'log-level', usage, io }, async () => {
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const [level, ...more] = positionals
    if (more.length > 0) throw new UsageError('one LEVEL at most')
    if (level !== undefined && !isLogLevel(level)) throw new UsageError(`there is no level '${level}'`)
    const forMs = parseDuration(values.for) ?? 0
    if (forMs < 1 || forMs > maxLevelMs) throw new UsageError(`--for: a duration such as 10m, at most 24h`)
    const service = serviceFrom(values)
    const path = '/api/v1/log-level'
    const told = await service.ask(
      level === undefined ? { method: 'GET', path } : { method: 'POST', path, body: { level, for: values.for } },
      logLevelDocument,
    )
    io.stdout(values.json ? jsonText(told) : listing(told))
    return exitCode.done
  })
}

const isLogLevel = (text: string): text is LogLevel => (logLevels as readonly string[]).includes(text)

function listing({ level, configured, until }: LogLevelDocument): string {
  return until === null ? `${level}\n` : `${level} until ${until}, then ${configured} again\n`
}
