/** A server of the bench: its output goes to a file, and its processor time and memory are read from /proc. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const startWithinMs = 600_000
const pollMs = 10
/** Of a kernel for x86-64 or arm64 (USER_HZ, sysconf(3)). */
const ticksPerSecond = 100

export interface MeasuredProcessOptions {
  readonly command: string
  readonly args: readonly string[]
  /** Where it writes what it prints. */
  readonly output: string
}

export class MeasuredProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #output: string

  constructor({ command, args, output }: MeasuredProcessOptions) {
    const file = openSync(output, 'a')
    this.#child = spawn(command, args, { stdio: ['ignore', file, file] })
    closeSync(file)
    this.#output = output
    if (this.#child.pid === undefined) throw new Error(`${command} could not be started`)
    this.pid = this.#child.pid
    process.once('exit', this.#kill)
    process.setMaxListeners(64)
  }

  /** Resolves once that file, such as a socket, is there; rejects with what was printed where the process ends before. */
  async created(path: string): Promise<void> {
    await this.until(() => existsSync(path))
  }

  /** Resolves once it printed that. */
  async printed(text: string): Promise<void> {
    await this.until(() => readFileSync(this.#output, 'utf8').includes(text))
  }

  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = performance.now() + startWithinMs
    while (!(await condition())) {
      const late = performance.now() > endMs
      if (late || this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`${late ? 'not in time' : 'it ended'}:\n${readFileSync(this.#output, 'utf8').slice(-2_000)}`)
      await pause(pollMs)
    }
  }

  /** Of it and its children, in seconds so far. */
  processorSeconds(): number {
    return processorSecondsOf(this.pid)
  }

  /** Of it and its children, resident, in megabytes. */
  residentMegabytes(): number {
    return processes(this.pid).reduce((sum, pid) => sum + residentOf(pid), 0)
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#kill)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const cut = setTimeout(this.#kill, 10_000)
    await gone
    clearTimeout(cut)
  }

  readonly #kill = (): void => void this.#child.kill('SIGKILL')
}

/** Of that process and its children, in seconds so far. */
export function processorSecondsOf(pid: number): number {
  return processes(pid).reduce((sum, each) => sum + secondsOf(each), 0)
}

function processes(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => processes(Number(child))))]
}

function secondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024
}
