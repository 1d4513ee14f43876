import type { Logger, LogLevel } from './log.ts'

/** A level for longer belongs into the configuration. */
export const maxLevelMs = 86_400_000

export interface LevelInForce {
  readonly level: LogLevel
  /** What it goes back to. */
  readonly configured: LogLevel
  /** When it goes back; `undefined` where it is the configured one. */
  readonly until: Date | undefined
}

/** The level of a log while it runs: another one for a while, then the configured one again, whoever forgets it. */
export class RunningLogLevel {
  readonly #log: Logger
  readonly #audit: Pick<Logger, 'info'>
  #configured: LogLevel
  readonly #clock: () => Date
  #until: Date | undefined
  #timer: NodeJS.Timeout | undefined

  constructor({
    log,
    audit,
    clock,
  }: { readonly log: Logger; readonly audit: Pick<Logger, 'info'>; readonly clock: () => Date }) {
    this.#log = log
    this.#audit = audit
    this.#configured = log.level as LogLevel
    this.#clock = clock
  }

  get inForce(): LevelInForce {
    return { level: this.#log.level as LogLevel, configured: this.#configured, until: this.#until }
  }

  /** `level` from now on, for `forMs`. */
  set(level: LogLevel, forMs: number): LevelInForce {
    this.stop()
    const isConfigured = level === this.#configured
    if (!isConfigured) {
      this.#until = new Date(this.#clock().getTime() + forMs)
      this.#timer = setTimeout(() => this.set(this.#configured, 0), forMs).unref()
    }
    this.#log.level = level
    this.#audit.info({ log_level: level, until: this.#until }, 'log level changed')
    return this.inForce
  }

  /** What the configuration says from now on: at once, or when another level's time is over. */
  configure(level: LogLevel): void {
    this.#configured = level
    if (this.#until === undefined) this.#log.level = level
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#until = undefined
  }
}
