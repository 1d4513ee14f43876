import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions, symbols } from 'pino'

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
  /** Whether other processes write to the same standard output. */
  readonly shared?: boolean
}

export interface Logs {
  readonly log: Logger
  /** Refusals and changes, with `"stream":"audit"`: whatever the level of the rest, and never buffered. */
  readonly audit: Logger
  /** Whether the audit has a file of its own, so that who reads the log alone does not see it. */
  readonly auditApart: boolean
}

const bufferBytes = 16_384
/** What a pipe takes at once, without a piece of another process's between (PIPE_BUF, pipe(7)). Lines are never parted. */
const atomicBytes = 4_096
/** No line waits longer. */
const flushMs = 1_000
const auditFileMode = 0o640

/** The log on standard output, and the audit. Throws where its file cannot be opened. */
export function openLogs({ level, auditFile, buffered, shared = false }: LogOptions): Logs {
  const maxWrite = shared ? atomicBytes : bufferBytes
  const stdout = pino.destination({ fd: 1, sync: !buffered, maxWrite, minLength: buffered ? maxWrite / 2 : 0 })
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

/**
 * Writes what `log.info(record, message)` would, byte for byte, without its search for credentials: for records that have no place for
 * any, and are written with every request.
 */
export function writeInfo(log: Logger, record: object, message: string): void {
  if (!log.isLevelEnabled('info')) return
  const fields = JSON.stringify(record).slice(1, -1)
  const { [symbols.streamSym]: destination } = log as unknown as Record<symbol, DestinationStream>
  destination?.write(
    `{"level":"info","time":"${timeNow()}"${fields === '' ? '' : ','}${fields},"msg":${JSON.stringify(message)}}\n`,
  )
}

let lastMs = 0
let lastTime = ''

/** As `isoTime` of pino has it; made once a millisecond. */
function timeNow(): string {
  const nowMs = Date.now()
  if (nowMs === lastMs) return lastTime
  lastMs = nowMs
  lastTime = new Date(nowMs).toISOString()
  return lastTime
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
