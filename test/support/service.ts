import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const builtMain = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export type LogLine = Readonly<Record<string, unknown>>

/** `devapp-authz serve` as its own process, as in production. */
export class RunningService {
  /** Everything it logged, and what it printed besides. */
  readonly log: LogLine[] = []
  #text = ''
  readonly #process: ChildProcess
  readonly #waiting = new Set<() => void>()

  private constructor(process: ChildProcess) {
    this.#process = process
    for (const stream of [process.stdout, process.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', (line) => this.#read(line))
    }
    process.once('exit', () => this.#wake())
  }

  /** Resolves once it serves; rejects with what it printed when it exits instead. */
  static async start(options: {
    config: string
    main?: string
    environment?: NodeJS.ProcessEnv
  }): Promise<RunningService> {
    const child = spawn(process.execPath, [options.main ?? builtMain, 'serve', '--config', options.config], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
    })
    const service = new RunningService(child)
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.removeListener('exit', kill))
    await service.logged((line) => line['msg'] === 'serving')
    return service
  }

  /** All it printed so far. */
  get text(): string {
    return this.#text
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** The first logged line that matches, waiting for it; rejects when the service exits without one. */
  async logged(matches: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const line = this.log.find(matches)
      if (line !== undefined) return line
      if (this.#exited) throw new Error(`the service exited before it logged what was awaited:\n${this.#text}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    if (this.#exited) return this.#process.exitCode
    this.#process.kill('SIGTERM')
    const [code] = (await once(this.#process, 'exit')) as [number | null]
    return code
  }

  get #exited(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  #read(line: string): void {
    this.#text += `${line}\n`
    try {
      this.log.push(JSON.parse(line) as LogLine)
    } catch {
      // Not a log line: kept in the text.
    }
    this.#wake()
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }
}
