import { parseArgs } from 'node:util'
import { startAdminServer } from './admin/admin_server.ts'
import { exitCode, type Io } from './cli/io.ts'
import { exitCodeOf, UsageError } from './cli/service_command.ts'
import { WatchedConfig } from './config/watched_config.ts'
import type { RunningHttpServer } from './http/server.ts'
import { type Logger, openLogs } from './ops/log.ts'
import { onHangUp, onShutdown } from './ops/signals.ts'
import { startService } from './service.ts'
import { Supervisor } from './workers/supervisor.ts'
import { addressesOfWorker, workerIn } from './workers/worker_addresses.ts'
import { workerHealthRoutes } from './workers/worker_health.ts'

const usage = `Runs the authorization service: gRPC for Envoy on the address that the configuration names, and one JSON line for each decision
on standard output. The configuration is taken over again when it changes, and on SIGHUP. SIGTERM stops it once what was asked is
answered. Where the configuration says so, several workers serve, and this process looks after them.

Usage: devapp-authz serve --config FILE

  --config FILE   the configuration; devapp-authz check-config FILE names its problems
  -h, --help      this text
`

/** `devapp-authz serve`. Returns once it serves; the process lives on with its listeners. */
export async function serve(argv: string[], io: Io): Promise<number> {
  const code = await exitCodeOf({ name: 'serve', usage, io }, async () => {
    const options = { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
    const { values } = parseArgs({ args: argv, options })
    if (values.help === true) {
      io.stdout(usage)
      return exitCode.done
    }
    if (values.config === undefined) throw new UsageError('--config is missing')
    await run(values.config)
    return exitCode.done
  })
  // What had begun, such as a watched file, would keep the process alive.
  if (code !== exitCode.done) process.exit(code)
  return code
}

async function run(path: string): Promise<void> {
  const worker = workerIn(process.env)
  const config = new WatchedConfig(path, process.env)
  const logs = openLogs({ ...config.current.log, shared: config.current.workers > 1 })
  const { log } = logs
  if (worker === undefined && config.current.workers > 1) return supervise(path, config, log)

  const addresses = worker === undefined ? config.current : addressesOfWorker(config.current, worker)
  const service = await startService({ config, addresses, logs, clock: () => new Date() })
  onHangUp(() => {
    log.info('SIGHUP: reading the configuration and the registry')
    config.reload()
    void service.reloadRegistry()
  })
  onShutdown(log, async () => {
    config.stop()
    await service.stop()
  })
  // Whoever reads this may send a signal.
  log.info(worker === undefined ? service.addresses : { worker, ...service.addresses }, 'serving')
  if (worker === undefined) return
  process.send?.('serving', () => {})
  // It is for the supervisor's end to be noticed, and keeps nobody from ending.
  process.channel?.unref()
}

/** Runs workers instead of the service: each is this program again, with a number. */
async function supervise(path: string, config: WatchedConfig, log: Logger): Promise<void> {
  const { current } = config
  const { workers, adminAddress, shutdown } = current
  // What a worker ends with is said by the worker.
  config.stop()
  const [, program = ''] = process.argv
  const supervisor = new Supervisor({ workers, program: [program, 'serve', '--config', path], log })
  onHangUp(() => supervisor.signal('SIGHUP'))
  let admin: RunningHttpServer | undefined
  onShutdown(log, async () => {
    await supervisor.stop()
    await admin?.stop(shutdown.graceMs)
  })
  if (!(await supervisor.start())) return
  const ofWorkers = Array.from({ length: workers }, (_, worker) => addressesOfWorker(current, worker))
  admin = await startAdminServer(adminAddress, {
    routes: workerHealthRoutes(ofWorkers.map((each) => each.adminAddress)),
    onError: (error) => log.error({ err: error }, 'admin'),
  })
  log.info({ workers: ofWorkers.map(({ listen }) => listen), admin: admin.address }, 'serving')
}
