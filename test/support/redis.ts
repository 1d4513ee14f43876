import { freePort } from './free_port.ts'
import { GuardedProcess } from './guarded_process.ts'
import { installPackages, isExecutable, type Progress, programOnPath, run } from './program.ts'
import { temporaryFolder } from './temporary_folder.ts'

/**
 * The path of a redis-server: the one that `REDIS_SERVER` names, else the one on the PATH, else, as root on Debian, the
 * package's, which is installed. Throws with what is missing and how to get it.
 */
export async function findRedis(progress: Progress): Promise<string> {
  const named = process.env['REDIS_SERVER']
  if (named !== undefined && named !== '') {
    if (isExecutable(named) && run(named, ['--version']).ok) return named
    throw new Error(`REDIS_SERVER=${named} is not a redis-server that runs here.`)
  }
  const onPath = programOnPath('redis-server')
  if (onPath !== undefined) return onPath
  installPackages(['redis-server'], progress)
  const installed = programOnPath('redis-server')
  if (installed !== undefined) return installed
  throw new Error(
    'There is no redis-server. Install it (Debian: apt-get install redis-server; macOS: brew install redis), or set REDIS_SERVER to its path.',
  )
}

export interface RunningRedis {
  /** `redis://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** Stops answering, and keeps its connections: a stall. */
  pause(): void
  resume(): void
  /** Gone at once, as in a crash. */
  kill(): Promise<void>
  /** Back on the same port, empty. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A Redis that stores nothing, on a free loopback port. */
export async function startRedis(binary: string): Promise<RunningRedis> {
  const folder = temporaryFolder('redis')
  const port = await freePort()
  let server = await serve(binary, port, folder.path)
  const end = (signal: NodeJS.Signals) => server.stop(signal)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    kill: async () => {
      await end('SIGKILL')
    },
    restart: async () => {
      await end('SIGKILL')
      server = await serve(binary, port, folder.path)
    },
    stop: async () => {
      await end('SIGKILL')
      folder.remove()
    },
  }
}

/** Resolves once it accepts connections. */
async function serve(binary: string, port: number, folder: string): Promise<GuardedProcess> {
  const server = await GuardedProcess.start({
    command: binary,
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
  })
  await server.printed('it accepted connections', () =>
    server.stdout.find((line) => line.includes('Ready to accept connections')),
  )
  return server
}
