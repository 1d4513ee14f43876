import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { secretWatch } from './secret_watch.ts'

/** SIGTERM, then SIGKILL after this long. */
const stopGraceMs = 5_000
const printWithinMs = 30_000

export interface GuardedProcessOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly folder?: string
}

/**
 * A server that a test starts, and that never outlives it: a watchdog kills it when this process ends, by SIGKILL too. Keeps
 * what it prints, line by line.
 */
export class GuardedProcess {
  readonly stdout: string[] = []
  readonly stderr: string[] = []
  readonly #name: string
  readonly #child: ChildProcess
  readonly #pid: number
  readonly #waiting = new Set<() => void>()
  #output = ''
  #closed = false

  private constructor(name: string, child: ChildProcess, pid: number) {
    this.#name = name
    this.#child = child
    this.#pid = pid
    for (const [stream, lines] of [
      [child.stdout, this.stdout],
      [child.stderr, this.stderr],
    ] as const) {
      if (!(stream instanceof Socket)) continue
      stream.unref()
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line)
        secretWatch.record(basename(name), line)
        this.#output += `${line}\n`
        this.#wake()
      })
    }
    // Left running, it does not keep this process from ending: then the watchdog ends it.
    child.unref()
    const watchdog = startWatchdog(pid)
    child.once('exit', () => watchdog.kill('SIGKILL'))
    // Not `exit`: the last lines arrive after that.
    child.once('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  /** Resolves once it runs; rejects when it cannot be started at all. */
  static async start({ command, args, environment, folder }: GuardedProcessOptions): Promise<GuardedProcess> {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
      ...(folder !== undefined && { cwd: folder }),
    })
    if (child.pid === undefined) {
      const [error] = (await once(child, 'error')) as [Error]
      throw new Error(`${command} could not be started: ${error.message}`)
    }
    return new GuardedProcess(command, child, child.pid)
  }

  get pid(): number {
    return this.#pid
  }

  /** All it printed so far, on either stream. */
  get output(): string {
    return this.#output
  }

  get exited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /**
   * What `find` finds in what was printed, waiting for it. Rejects with all that was printed when the process exits without
   * it, or takes longer than half a minute.
   */
  async printed<Found>(what: string, find: () => Found | undefined): Promise<Found> {
    let late = false
    const deadline = setTimeout(() => {
      late = true
      this.#wake()
    }, printWithinMs)
    try {
      for (;;) {
        const found = find()
        if (found !== undefined) return found
        if (this.#closed) throw new Error(`${this.#name} exited before ${what}:\n${this.#output}`)
        if (late) throw new Error(`${this.#name} ran for ${printWithinMs} ms before ${what}:\n${this.#output}`)
        await new Promise<void>((resolve) => this.#waiting.add(resolve))
      }
    } finally {
      clearTimeout(deadline)
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Resolves to the exit code once it is gone; `null` when a signal ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.exited) return this.#child.exitCode
    const exit = once(this.#child, 'exit')
    this.#child.ref()
    this.signal(signal)
    const cut = setTimeout(() => this.signal('SIGKILL'), stopGraceMs)
    await exit
    clearTimeout(cut)
    return this.#child.exitCode
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }
}

/**
 * Reads a pipe whose other end is ours until the end, which comes when this process is gone, however it went. In a session
 * of its own, so that Ctrl-C in the terminal does not end it first.
 */
function startWatchdog(pid: number): ChildProcess {
  const watchdog = spawn('/bin/sh', ['-c', 'while read -r _; do :; done; kill -KILL "$1"', 'watchdog', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watchdog.unref()
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref()
  return watchdog
}
