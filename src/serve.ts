import { parseArgs } from 'node:util'
import { exitCode, type Io } from './cli/io.ts'
import { exitCodeOf, UsageError } from './cli/service_command.ts'
import { WatchedConfig } from './config/watched_config.ts'
import { openLogs } from './ops/log.ts'
import { onHangUp, onShutdown } from './ops/signals.ts'
import { startService } from './service.ts'

const usage = `Runs the authorization service: gRPC for Envoy on the address that the configuration names, and one JSON line for each decision
on standard output. The configuration is taken over again when it changes, and on SIGHUP. SIGTERM stops it once what was asked is
answered.

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
  const config = new WatchedConfig(path, process.env)
  const logs = openLogs(config.current.log)
  const { log } = logs
  const service = await startService({ config, logs, clock: () => new Date() })
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
  log.info(service.addresses, 'serving')
}
