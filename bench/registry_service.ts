/** `devapp-authz serve`, built, as its own process, watched from outside and by the probe. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export type LogLine = Readonly<Record<string, unknown>>

export class BenchService {
  readonly #child: ChildProcess
  readonly #log: { readonly atMs: number; readonly line: LogLine }[] = []
  readonly startedMs = performance.now()
  #onLine = (): void => {}

  constructor(config: string) {
    const args = ['--import', path('registry_probe.mjs'), path('../dist/main.js'), 'serve', '--config', config]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    const { stdout } = this.#child
    if (stdout === null) throw new Error('the service has no output')
    createInterface({ input: stdout }).on('line', (text) => {
      this.#log.push({ atMs: performance.now(), line: JSON.parse(text) as LogLine })
      this.#onLine()
    })
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  /** When it logged the line for the first time since `sinceMs`, waiting for it. */
  async logged(msg: string, sinceMs = 0): Promise<number> {
    for (;;) {
      const found = this.#log.find(({ atMs, line }) => atMs >= sinceMs && line['msg'] === msg)
      if (found !== undefined) return found.atMs
      if (this.#child.exitCode !== null) throw new Error(`the service ended before it logged "${msg}"`)
      await new Promise<void>((resolve) => {
        this.#onLine = resolve
      })
    }
  }

  /** Megabytes: resident now, and at most so far. */
  memory(): { readonly resident: number; readonly most: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
    return { resident: field('VmRSS'), most: field('VmHWM') }
  }

  /** Seconds of processor time so far. */
  processorSeconds(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  beginWatching(): void {
    this.#child.send('begin')
  }

  /** The longest time in which nothing else could happen, in milliseconds. */
  async longestBlockMs(): Promise<number> {
    this.#child.send('report')
    const [{ longestMs }] = (await once(this.#child, 'message')) as [{ longestMs: number }]
    return longestMs
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await gone
  }
}
