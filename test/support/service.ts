import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GuardedProcess } from './guarded_process.ts'
import { secretWatch } from './secret_watch.ts'

const builtMain = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export type LogLine = Readonly<Record<string, unknown>>

export interface ServiceOptions {
  /** The configuration file. */
  readonly config: string
  /** Default: the project's own build. */
  readonly main?: string
  readonly environment?: Readonly<Record<string, string>>
}

export interface RunningService {
  readonly pid: number
  /** What it logged so far. */
  log(): readonly LogLine[]
  /** All it printed, on either stream. */
  output(): string
  /** The first logged line that matches, waiting for it. */
  logged(matches: (line: LogLine) => boolean): Promise<LogLine>
  signal(name: NodeJS.Signals): void
  /** Resolves to the exit code once it is gone; SIGTERM, unless it is told another signal. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** `devapp-authz serve` as its own process. Resolves once it serves; rejects with what it printed when it exits instead. */
export async function startService({ config, main = builtMain, environment }: ServiceOptions): Promise<RunningService> {
  secretWatch.addPasswordsIn(readFileSync(config, 'utf8') + Object.values(environment ?? {}).join('\n'))
  const service = await GuardedProcess.start({
    command: process.execPath,
    args: [main, 'serve', '--config', config],
    ...(environment && { environment }),
  })
  const log = (): LogLine[] =>
    service.stdout.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine)
  const logged = (matches: (line: LogLine) => boolean) =>
    service.printed('it logged what was awaited', () => log().find(matches))
  await logged((line) => line['msg'] === 'serving')
  return {
    pid: service.pid,
    log,
    output: () => service.output,
    logged,
    signal: (name) => service.signal(name),
    stop: (signal) => service.stop(signal),
  }
}
