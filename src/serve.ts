import { parseArgs } from 'node:util'
import { startAdminServer } from './admin/admin_server.ts'
import { logLevelRoutes } from './admin/log_level_routes.ts'
import { ocspRoutes } from './admin/ocsp_routes.ts'
import { shadowRoutes } from './admin/shadow_routes.ts'
import { configurationIn } from './cli/configuration_file.ts'
import { exitCode, type Io } from './cli/io.ts'
import type { Config } from './config/config.ts'
import { policiesInShadow } from './domain/shadow.ts'
import { checkService } from './envoy/check_service.ts'
import { SdsService } from './envoy/sds_service.ts'
import { startServer } from './envoy/server.ts'
import { TruststoreResource } from './envoy/truststore_resource.ts'
import { startHttpServer } from './http/server.ts'
import { countDecision } from './metrics/decisions.ts'
import { measureEventLoop } from './metrics/event_loop.ts'
import { Metrics } from './metrics/metrics.ts'
import { metricsRoute } from './metrics/route.ts'
import { DecisionLog } from './ops/decision_log.ts'
import { type Logger, type Logs, openLogs } from './ops/log.ts'
import { RunningLogLevel } from './ops/log_level.ts'
import { ShadowNotice } from './ops/shadow_notice.ts'
import { onShutdown } from './ops/shutdown.ts'
import { WouldDenyCount } from './ops/would_deny_count.ts'
import { certificateFromPem } from './pki/certificate.ts'
import type { Clock, Ports } from './ports.ts'
import { type ExpiryObserver, ExpiryWatch } from './registry/expiry_watch.ts'
import { openRegistrySource } from './registry/open_registry.ts'
import { Psd2Lists } from './registry/psd2_lists.ts'
import type { RegistrySnapshot } from './registry/registry.ts'
import { RegistryChanges } from './registry/registry_changes.ts'
import type { RenewalStatistics } from './registry/renewals.ts'
import { ClientSecrets } from './registry/secrets.ts'
import { revocationOptions } from './revocation/configured.ts'
import { openRevocation } from './revocation/open_revocation.ts'
import { after } from './revocation/timers.ts'

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
  await run(config, openLogs(config.log), () => new Date())
  return exitCode.done
}

/** Joins the parts: the one place that knows them all. */
async function run(config: Config, logs: Logs, clock: Clock): Promise<void> {
  const { log, audit } = logs
  const logLevel = new RunningLogLevel({ log, audit, clock })
  const decisions = new DecisionLog({ ...logs, ...config.log })
  const changes = new RegistryChanges()
  const metrics = new Metrics()
  const stopMeasuring = measureEventLoop(metrics)
  // OpenTelemetry is loaded only where something is traced.
  const tracing =
    config.tracing &&
    (await import('./tracing/open_tracing.ts')).openTracing(config.tracing, {
      ...{ log, onDropped: ({ spans, reason }) => metrics.count('tracing_dropped_spans_total', { reason }, spans) },
    })
  let watch = (_: RegistrySnapshot): void => {}
  const registry = openRegistrySource(config.registry, {
    onLoaded: (snapshot) => {
      log.info({ devapps: snapshot.devApps.length }, 'registry loaded')
      for (const change of changes.since(snapshot.devApps)) audit.info(change, 'registry changed')
      watch(snapshot)
    },
    onRefused: (error) => log.error({ reason: error.message }, 'registry refused: what was in force stays'),
    onBroken: (broken) => log.error(broken, 'certificate refused: it is not of its issuer'),
    onRead: tracing && ((read) => tracing.registryRead(read)),
  })
  await registry.start()

  const psd2 = new Psd2Lists({
    ...config,
    onLoaded: (list, entries) => log.info({ list, entries }, 'list loaded'),
    onRefused: (list, error) => log.error({ list, reason: error.message }, 'list refused: what was in force stays'),
  })
  const options = revocationOptions(config.ocsp, (reason) => log.warn({ reason }, 'redis'))
  const revocation = openRevocation(options, {
    clock,
    ownersOf: (certificate) =>
      registry
        .snapshot()
        ?.ownersOf(certificate)
        .map(({ id }) => id) ?? [],
    observer: {
      onFetch: (fetched) => {
        log.debug(fetched, 'responder')
        tracing?.fetched(fetched)
      },
      onRejected: (rejection) => {
        log.warn(rejection, 'answer rejected')
        tracing?.rejected(rejection)
      },
      onCommand: tracing && ((given) => tracing.commanded(given)),
      onCrl: ({ location, crl }) =>
        log.info({ location, entries: crl.revoked.size, nextUpdate: crl.nextUpdate }, 'crl'),
      onCrlFailed: (failure) => log.warn(failure, 'no crl'),
    },
  })
  const truststore = new TruststoreResource((reason) =>
    log.error({ reason }, 'trust store refused: what was in force stays'),
  )
  const expiryWatch = new ExpiryWatch({ observer: expiryLog(log), clock, after })
  const renewals = { likely: 0 } satisfies RenewalStatistics
  watch = (snapshot) => {
    revocation.register(snapshot.eachCertificate)
    truststore.follow(snapshot.devApps)
    expiryWatch.watch(snapshot)
  }
  const registered = registry.snapshot()
  if (registered !== undefined) watch(registered)
  const ports: Ports = {
    registry,
    revocation,
    secrets: new ClientSecrets(() => registry.snapshot()?.holdsChosenSecret === true),
    qtsps: psd2,
    withdrawals: psd2,
    clock,
  }
  const wouldDeny = new WouldDenyCount()
  const sds = new SdsService(truststore, {
    onOpened: (node) => log.debug({ node }, 'an Envoy asks for its trust store'),
    onAccepted: ({ version, authorities }) => log.info({ version, cas: authorities }, 'Envoy has the trust store'),
    onRejected: ({ version, authorities }, reason) =>
      log.error({ version, cas: authorities, reason }, 'Envoy rejected the trust store: what it had stays'),
    onUnknown: (names) => log.warn({ names }, 'Envoy asks for secrets that are not served'),
  })
  const check = checkService({
    rules: () => config,
    ports,
    readCertificate: (pem) => registry.snapshot()?.readCertificate(pem) ?? certificateFromPem(pem),
    deadlineMs: config.deadlineMs,
    typeBase: config.typeBase,
    onDecision: (record) => {
      tracing?.decided(record)
      decisions.add(record)
      countDecision(metrics, record)
      wouldDeny.add(record)
      if (record.waived !== undefined) revocation.countWaived(record.waived)
      if (record.likely_renewal !== undefined) renewals.likely += 1
    },
  })
  const server = await startServer(config.listen, { check: tracing?.around(check) ?? check, sds })
  const scraped =
    config.metricsAddress &&
    (await startHttpServer(config.metricsAddress, {
      routes: [metricsRoute(metrics)],
      onError: (error) => log.error({ err: error }, 'metrics'),
    }))
  const admin = await startAdminServer(config.adminAddress, {
    routes: [
      ...ocspRoutes(revocation.control, clock),
      ...shadowRoutes(() => config, wouldDeny, clock),
      ...logLevelRoutes(logLevel),
    ],
    onError: (error) => log.error({ err: error }, 'admin'),
  })
  const shadow = new ShadowNotice({ log, clock, inShadow: (now) => policiesInShadow(config, now) })
  onShutdown(log, async () => {
    await Promise.all([server.stop(graceMs), admin.stop(graceMs), scraped?.stop(graceMs)])
    stopMeasuring()
    expiryWatch.stop()
    psd2.stop()
    shadow.stop()
    logLevel.stop()
    await Promise.all([registry.stop(), revocation.close()])
    await tracing?.stop(graceMs)
  })
  // Whoever reads this may send SIGTERM at once.
  log.info({ address: server.address, admin: admin.address, metrics: scraped?.address }, 'serving')
}

/** The counts once at the start, then one line for each certificate that comes nearer to its end. */
function expiryLog(log: Logger): ExpiryObserver {
  return {
    onFirstLook: (counts) => log.info(counts, 'certificates about to expire'),
    onExpiry: ({ certificate: { leaf }, owners, horizon }) => {
      const said = {
        devapps: owners.map(({ id }) => id).join(', '),
        serial: leaf.serialNumber,
        common_name: leaf.commonNames.join(', '),
        sha256: leaf.sha256,
        not_after: leaf.notAfter,
      }
      if (horizon === 'expired') log.warn(said, 'certificate has expired')
      else log.warn({ ...said, within: horizon }, 'certificate is about to expire')
    },
    onMore: (count) =>
      log.warn({ count }, 'more certificates are about to expire: devapp-authz devapp list --expiring'),
  }
}
