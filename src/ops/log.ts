import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino'

export type { Logger }

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** What `openLogs` opens. */
export interface LogOptions {
  readonly level: LogLevel
  /** Where the audit goes by itself; `undefined` for standard output, among the rest. */
  readonly auditFile: string | undefined
  /** Whether lines wait in memory to be written together: a process that is killed loses them. */
  readonly buffered: boolean
}

export interface Logs {
  readonly log: Logger
  /** Refusals and changes, with `"stream":"audit"`: whatever the level of the rest, and never buffered. */
  readonly audit: Logger
  /** Whether the audit has a file of its own, so that who reads the log alone does not see it. */
  readonly auditApart: boolean
}

const bufferBytes = 4_096
/** No line waits longer. */
const flushMs = 1_000
const auditFileMode = 0o640

/** The log on standard output, and the audit. Throws where its file cannot be opened. */
export function openLogs({ level, auditFile, buffered }: LogOptions): Logs {
  const stdout = pino.destination({ fd: 1, sync: !buffered, minLength: buffered ? bufferBytes : 0 })
  if (buffered) setInterval(() => stdout.flush(), flushMs).unref()
  const log = createLog(level, stdout)
  const auditTo = auditFile === undefined ? stdout : auditDestination(auditFile, log)
  return { log, audit: createAudit(auditTo), auditApart: auditFile !== undefined }
}

/**
 * One JSON object a line. Credentials are never handed to it; the redaction is a second net under the names that carry
 * them.
 */
export function createLog(level: LogLevel, destination: DestinationStream): Logger {
  return pino({ ...options, level, base: null }, destination)
}

export function createAudit(destination: DestinationStream): Logger {
  return pino({ ...options, level: 'info', base: { stream: 'audit' } }, destination)
}

const options: LoggerOptions = {
  timestamp: stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
  redact: {
    paths: ['authorization', '*.authorization', 'clientSecret', '*.clientSecret', 'password', '*.password'],
    censor: '[redacted]',
  },
}

function auditDestination(file: string, log: Logger): DestinationStream {
  try {
    const destination = pino.destination({ dest: file, append: true, sync: true, mode: auditFileMode })
    // A full disk: what is decided does not depend on it.
    destination.on('error', (error: Error) => log.error({ file, reason: error.message }, 'audit not written'))
    return destination
  } catch (error) {
    throw new Error(`log.audit: ${file} cannot be written: ${(error as Error).message}`, { cause: error })
  }
}
