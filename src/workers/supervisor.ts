import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Logger } from '../ops/log.ts'
import { workerVariable } from './worker_addresses.ts'

export interface SupervisorOptions {
  readonly workers: number
  /** What each runs: a program and its arguments. */
  readonly program: readonly [string, ...string[]]
  readonly log: Pick<Logger, 'info' | 'error'>
}

const firstPauseMs = 100
const longestPauseMs = 10_000
/** Who served that long did not end for how it was started. */
const steadyMs = 60_000

/** Keeps processes of the service running, each with its own number. What each of them says goes to the streams of this one. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #workers: Worker[]
  #stopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#workers = Array.from({ length: options.workers }, (_, index) => new Worker(options, index))
  }

  /**
   * Resolves once all serve: whether they do, which is not so where they were told to stop before. Where one ends by itself, the others are
   * stopped and it rejects: that one has said why.
   */
  async start(): Promise<boolean> {
    try {
      await Promise.all(this.#workers.map((worker) => worker.start()))
    } catch (error) {
      if (this.#stopping) return false
      await this.stop().catch(() => {})
      throw error
    }
    for (const worker of this.#workers) worker.keepRunning()
    return true
  }

  signal(name: NodeJS.Signals): void {
    for (const worker of this.#workers) worker.signal(name)
  }

  /** Tells all to stop, and resolves once they are gone; rejects where one of them did not end well. */
  async stop(): Promise<void> {
    this.#stopping = true
    const codes = await Promise.all(this.#workers.map((worker) => worker.stop()))
    const bad = codes.findIndex((code) => code !== 0)
    if (bad >= 0) throw new Error(`worker ${bad} of ${this.#options.workers} ended with ${codes[bad] ?? 'a signal'}`)
  }
}

class Worker {
  readonly #options: SupervisorOptions
  readonly #index: number
  #process: ChildProcess | undefined
  #servesSinceMs: number | undefined
  #stopping = false
  #pauseMs = firstPauseMs
  #timer: NodeJS.Timeout | undefined

  constructor(options: SupervisorOptions, index: number) {
    this.#options = options
    this.#index = index
  }

  /** Resolves once it serves, rejects where it ends before. */
  async start(): Promise<void> {
    const [program, ...args] = this.#options.program
    const environment = { ...process.env, [workerVariable]: String(this.#index) }
    const child = fork(program, args, { env: environment })
    this.#process = child
    const [told] = await Promise.race([once(child, 'message'), once(child, 'exit')])
    if (told !== 'serving') throw new Error(`worker ${this.#index} ended before it served`)
    this.#servesSinceMs = performance.now()
  }

  /** From now on it is started again whenever it ends. */
  keepRunning(): void {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) this.#ended(child)
    else child.once('exit', () => this.#ended(child))
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name)
  }

  async stop(): Promise<number | null> {
    this.#stopping = true
    clearTimeout(this.#timer)
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? 0
    const gone = once(child, 'exit') as Promise<[number | null]>
    // A signal could be its second one, after that of a terminal or of systemd, and would end it at once.
    if (child.connected) child.disconnect()
    const [code] = await gone
    return code
  }

  #ended(child: ChildProcess | undefined): void {
    const served = this.#servesSinceMs === undefined ? 0 : performance.now() - this.#servesSinceMs
    this.#servesSinceMs = undefined
    if (this.#stopping) return
    if (served >= steadyMs) this.#pauseMs = firstPauseMs
    const { exitCode: code = null, signalCode: signal = null } = child ?? {}
    const told = { worker: this.#index, code, signal, again_in_ms: this.#pauseMs }
    this.#options.log.error(told, 'a worker ended, and is started again')
    this.#timer = setTimeout(() => {
      this.start().then(
        () => this.keepRunning(),
        () => this.#ended(this.#process),
      )
    }, this.#pauseMs)
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs)
  }
}
