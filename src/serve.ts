import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { exitCode, type Io } from './cli/io.ts'
import { type Config, loadConfig } from './config/config.ts'
import { startServer } from './envoy/server.ts'
import { logDecision } from './ops/decision_record.ts'
import { createLog, type Logger } from './ops/log.ts'
import { onShutdown } from './ops/shutdown.ts'
import { certificateFromPem } from './pki/certificate.ts'
import type { Clock } from './ports.ts'
import { FileStore } from './registry/file_store.ts'
import { QtspFolder } from './registry/qtsps.ts'
import { ClientSecrets, hasChosenSecret } from './registry/secrets.ts'
import { openRevocation } from './revocation/open_revocation.ts'

const usage = `Runs the authorization service: gRPC for Envoy on the address that the configuration names, decisions as JSON lines on
standard output. SIGTERM stops it after what was asked is answered.

Usage: devapp-authz serve --config FILE

  --config FILE   the configuration; devapp-authz check-config FILE names its problems
  --help          this text
`

/** How long answers under way may take after SIGTERM. */
const graceMs = 5_000

/** `devapp-authz serve`. Returns once it serves; the process lives on with its listeners. */
export async function serve(argv: string[], io: Io): Promise<number> {
  let values: { config?: string; help?: boolean }
  try {
    values = parseArgs({ args: argv, options: { config: { type: 'string' }, help: { type: 'boolean' } } }).values
  } catch (error) {
    io.stderr(`devapp-authz serve: ${(error as Error).message}\n\n${usage}`)
    return exitCode.usage
  }
  if (values.help === true) {
    io.stdout(usage)
    return exitCode.done
  }
  if (values.config === undefined) {
    io.stderr(`devapp-authz serve: --config is missing\n\n${usage}`)
    return exitCode.usage
  }
  const config = loadConfig(readFileSync(values.config, 'utf8'), process.env, dirname(values.config))
  await run(config, createLog(config.log.level), () => new Date())
  return exitCode.done
}
