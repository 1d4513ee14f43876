import { type ChildProcess, fork } from 'node:child_process'
import type { Copy } from './copy.ts'
import type { Order, Report } from './worker.ts'

/** What a process said, or that it said nothing in time, or ended. */
export type Answer = Report | { readonly failed: readonly ['no answer' | 'ended'] }

/** Unit tests in a process of their own, in a copy of the repository. */
export class TestProcess {
  readonly #child: ChildProcess

  /** `mutant` is on before anything is loaded. */
  constructor({ folder }: Copy, mutant?: string) {
    this.#child = fork('test/mutation/worker.ts', {
      cwd: folder,
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, BAIL: mutant === undefined ? undefined : '1', MUTANT: mutant },
    })
  }

  get alive(): boolean {
    return this.#child.connected
  }

  /** Kills the process where it does not answer within `withinMs`. */
  ask(order: Order, withinMs: number): Promise<Answer> {
    return new Promise((resolve) => {
      const settle = (answer: Answer): void => {
        clearTimeout(timer)
        this.#child.removeAllListeners()
        resolve(answer)
      }
      const timer = setTimeout(() => {
        this.end()
        settle({ failed: ['no answer'] })
      }, withinMs)
      this.#child.once('message', (report: Report) => settle(report))
      this.#child.once('exit', () => settle({ failed: ['ended'] }))
      if (this.#child.connected) this.#child.send(order)
      else settle({ failed: ['ended'] })
    })
  }

  end(): void {
    this.#child.removeAllListeners()
    this.#child.kill('SIGKILL')
  }
}
