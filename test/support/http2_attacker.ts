import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a peer does that is no Envoy: see the program. */
export type Attack = 'resets' | 'held' | 'huge' | 'garbage' | 'connections'

/** A process of its own that goes on with an attack on a Unix socket until it is stopped, with what it has done so far. */
export class Http2Attacker {
  readonly #process: ChildProcess
  #done = { connections: 0, streams: 0, sentAway: 0 }

  private constructor(attack: Attack, socket: string) {
    const program = fileURLToPath(new URL('http2_attack.mjs', import.meta.url))
    // What it costs this machine is not what is measured: the service goes first.
    this.#process = spawn('nice', ['-n', '19', process.execPath, program, attack, socket], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const last = text.trim().split('\n').at(-1)
      if (last?.startsWith('{')) this.#done = JSON.parse(last)
    })
  }

  /** Resolves once it has reached the service. */
  static async start(attack: Attack, socket: string): Promise<Http2Attacker> {
    const attacker = new Http2Attacker(attack, socket)
    await attacker.until(({ connections }) => connections > 0)
    return attacker
  }

  get done() {
    return this.#done
  }

  async until(holds: (done: { connections: number; streams: number; sentAway: number }) => boolean): Promise<void> {
    while (!holds(this.#done)) {
      if (this.#process.exitCode !== null) throw new Error('the attacker is gone')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  stop(): void {
    this.#process.kill('SIGKILL')
  }
}
