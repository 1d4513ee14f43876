import { parseArgs } from 'node:util'
import { startAdminServer } from './admin/admin_server.ts'
import { ocspRoutes } from './admin/ocsp_routes.ts'
import { configurationIn } from './cli/configuration_file.ts'
import { exitCode, type Io } from './cli/io.ts'
import type { Config } from './config/config.ts'
import { startServer } from './envoy/server.ts'
import { logDecision } from './ops/decision_record.ts'
import { createLog, type Logger } from './ops/log.ts'
import { settleMemory } from './ops/memory.ts'
import { onShutdown } from './ops/shutdown.ts'
import { certificateFromPem } from './pki/certificate.ts'
import type { Clock, Ports } from './ports.ts'
import { FileStore } from './registry/file_store.ts'
import { QtspFolder } from './registry/qtsps.ts'
import type { RegistrySnapshot } from './registry/registry.ts'
import { ClientSecrets } from './registry/secrets.ts'
import { revocationOptions } from './revocation/configured.ts'
import { openRevocation } from './revocation/open_revocation.ts'

const usage = `Runs the authorization service: gRPC for Envoy on the address that the configuration names, and one JSON line for each decision
on standard output. SIGTERM stops it once what was asked is answered.

Usage: devapp-authz serve --config FILE

  --config FILE   the configuration; devapp-authz check-config FILE names its problems
  --help          this text
`

/** How long what is under way may take after SIGTERM. */
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
  const config = configurationIn(values.config)
  await run(config, createLog(config.logLevel), () => new Date())
  return exitCode.done
}

/** Joins the parts: the one place that knows them all. */
async function run(config: Config, log: Logger, clock: Clock): Promise<void> {
  let watch = (_: RegistrySnapshot): void => {}
  const registry = new FileStore(config.registryFile, {
    onLoaded: (snapshot) => {
      log.info({ devapps: snapshot.devApps.length }, 'registry loaded')
      watch(snapshot)
    },
    onRefused: (error) => log.error({ reason: error.message }, 'registry refused: what was in force stays'),
    onBroken: (broken) => log.error(broken, 'certificate refused: it is not of its issuer'),
  })
  await registry.start()
  settleMemory()

  const options = revocationOptions(config.ocsp, (reason) => log.warn({ reason }, 'redis'))
  const revocation = openRevocation(options, {
    clock,
    ownersOf: (certificate) =>
      registry
        .snapshot()
        ?.ownersOf(certificate)
        .map(({ id }) => id) ?? [],
    observer: {
      onFetch: (fetched) => log.debug(fetched, 'responder'),
      onRejected: (rejection) => log.warn(rejection, 'answer rejected'),
      onCrl: ({ location, crl }) =>
        log.info({ location, entries: crl.revoked.size, nextUpdate: crl.nextUpdate }, 'crl'),
      onCrlFailed: (failure) => log.warn(failure, 'no crl'),
    },
  })
  watch = (snapshot) => revocation.register(snapshot.eachCertificate)
  const registered = registry.snapshot()
  if (registered !== undefined) watch(registered)
  const ports: Ports = {
    registry,
    revocation,
    secrets: new ClientSecrets(() => registry.snapshot()?.holdsChosenSecret === true),
    qtsps: config.qtspsFolder === undefined ? { accepts: () => false } : new QtspFolder(config.qtspsFolder),
    clock,
  }
  const server = await startServer(config.listen, {
    rules: () => config,
    ports,
    readCertificate: (pem) => registry.snapshot()?.readCertificate(pem) ?? certificateFromPem(pem),
    deadlineMs: config.deadlineMs,
    typeBase: config.typeBase,
    onDecision: (record) => {
      logDecision(log, record)
      if (record.waived !== undefined) revocation.countWaived(record.waived)
    },
  })
  const admin = await startAdminServer(config.adminAddress, {
    routes: ocspRoutes(revocation.control, clock),
    onError: (error) => log.error({ err: error }, 'admin'),
  })
  log.info({ address: server.address, admin: admin.address }, 'serving')
  onShutdown(log, async () => {
    await Promise.all([server.stop(graceMs), admin.stop(graceMs)])
    registry.stop()
    await revocation.close()
  })
}
