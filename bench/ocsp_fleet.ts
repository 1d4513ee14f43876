import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FleetSettings, Order, Report } from './ocsp_process.ts'

/** Processes that share a Redis, and follow orders. */
export class Fleet {
  readonly #processes: readonly ChildProcess[]

  private constructor(processes: readonly ChildProcess[]) {
    this.#processes = processes
  }

  /** Resolves when all have loaded their certificates. */
  static async start(count: number, settings: FleetSettings): Promise<Fleet> {
    const script = fileURLToPath(new URL('./ocsp_process.ts', import.meta.url))
    const processes = Array.from({ length: count }, () =>
      fork(script, [JSON.stringify(settings)], { execArgv: ['--import', 'tsx'], stdio: 'inherit' }),
    )
    await Promise.all(processes.map((process) => once(process, 'message')))
    return new Fleet(processes)
  }

  /** What each process reports when it has done so. */
  async tell(order: Order): Promise<readonly Report[]> {
    return Promise.all(
      this.#processes.map(async (process) => {
        const done = once(process, 'message')
        process.send(order)
        const [report] = (await done) as [Report]
        return report
      }),
    )
  }

  async stop(): Promise<void> {
    const ended = this.#processes.map((process) => once(process, 'exit'))
    await this.tell({ do: 'stop' })
    await Promise.all(ended)
  }
}

/** Adds up one number of all reports. */
export const sumOf = (reports: readonly Report[], number: (report: Report) => number): number =>
  reports.reduce((sum, report) => sum + number(report), 0)
