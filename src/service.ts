import { startAdminServer } from './admin/admin_server.ts'
import { basicRoutes } from './admin/basic_routes.ts'
import { healthRoutes } from './admin/health_routes.ts'
import { logLevelRoutes } from './admin/log_level_routes.ts'
import { ocspRoutes } from './admin/ocsp_routes.ts'
import { shadowRoutes } from './admin/shadow_routes.ts'
import { Observations } from './api/observations.ts'
import type { Config } from './config/config.ts'
import type { WatchedConfig } from './config/watched_config.ts'
import { policiesInShadow } from './domain/shadow.ts'
import { checkService } from './envoy/check_service.ts'
import { Health } from './envoy/health.ts'
import { PresentedCertificates } from './envoy/presented_certificates.ts'
import { SdsService } from './envoy/sds_service.ts'
import { startServer } from './envoy/server.ts'
import { TruststoreResource } from './envoy/truststore_resource.ts'
import { startHttpServer } from './http/server.ts'
import { RateLimit } from './limits/rate_limit.ts'
import { lockoutLimits } from './lockout/configured.ts'
import { openFleet } from './lockout/fleet_attempts.ts'
import { type FleetListener, Lockouts } from './lockout/lockouts.ts'
import { checkBuckets } from './metrics/catalogue.ts'
import { countDecision } from './metrics/decisions.ts'
import { measureEventLoop } from './metrics/event_loop.ts'
import { measureLockouts } from './metrics/lockouts.ts'
import { Metrics } from './metrics/metrics.ts'
import { measureRegistry } from './metrics/registry.ts'
import { ResponderLabels } from './metrics/responder_labels.ts'
import { measureRevocation } from './metrics/revocation.ts'
import { metricsRoute } from './metrics/route.ts'
import { measureTruststore } from './metrics/truststore.ts'
import { DecisionLog } from './ops/decision_log.ts'
import type { Logs } from './ops/log.ts'
import { RunningLogLevel } from './ops/log_level.ts'
import { settleMemory } from './ops/memory.ts'
import { Readiness } from './ops/readiness.ts'
import { ShadowNotice } from './ops/shadow_notice.ts'
import { WouldDenyCount } from './ops/would_deny_count.ts'
import type { Clock, Ports } from './ports.ts'
import { ExpiryWatch } from './registry/expiry_watch.ts'
import { openRegistrySource } from './registry/open_registry.ts'
import { Psd2Lists } from './registry/psd2_lists.ts'
import type { RegistrySnapshot } from './registry/registry.ts'
import { ClientSecrets } from './registry/secrets.ts'
import { trialsOver } from './registry/trials.ts'
import { revocationOptions } from './revocation/configured.ts'
import { CurrentRevocation } from './revocation/current_revocation.ts'
import { openRevocation } from './revocation/open_revocation.ts'
import { after } from './revocation/timers.ts'
import { serviceApi } from './service_api.ts'
import { expiryLog, listLog, lockoutLog, registryLog, revocationLog, sdsLog } from './service_log.ts'
import { openSignatures, sharedReplays } from './signing/open_replays.ts'

export interface ServiceParts {
  readonly config: WatchedConfig
  /** Where it listens. */
  readonly addresses: Pick<Config, 'listen' | 'adminAddress' | 'metricsAddress'> & {
    /** Of the console, where it is another one than configured. */
    readonly consolePort?: number | undefined
  }
  readonly logs: Logs
  readonly clock: Clock
}

export interface RunningService {
  /** Where it listens, with the ports that were taken. */
  readonly addresses: Readonly<Record<'address' | 'admin', string> & Record<'console' | 'metrics', string | undefined>>
  /** Reads the registry now. Never rejects: the log is told. */
  reloadRegistry(): Promise<void>
  /** Takes no more requests once Envoy knows, answers those that came, and closes everything. */
  stop(): Promise<void>
}

/** The start need not wait for it. */
const firstExpiryLookMs = 1_000

/** Joins the parts: the one place that knows them all. Resolves once it serves. */
export async function startService({ config, addresses, logs, clock }: ServiceParts): Promise<RunningService> {
  const { log } = logs
  const atStart = config.current
  const logLevel = new RunningLogLevel({ ...logs, clock })
  const decisions = new DecisionLog({ ...logs, sampleAllows: () => config.current.log.sampleAllows })
  const metrics = new Metrics()
  const stopMeasuring = measureEventLoop(metrics)

  // OpenTelemetry is loaded only where something is traced.
  const tracing =
    atStart.tracing &&
    (await import('./tracing/open_tracing.ts')).openTracing(atStart.tracing, {
      ...{ log, onDropped: ({ spans, reason }) => metrics.count('tracing_dropped_spans_total', { reason }, spans) },
    })

  const seen = new Observations({
    clock,
    boundsMs: checkBuckets.map((seconds) => seconds * 1_000),
    isClientKey: (text) => registry.snapshot()?.byClientKey(text) !== undefined,
  })
  let watch = (_: RegistrySnapshot): void => {}
  const registry = openRegistrySource(
    atStart.registry,
    registryLog({ ...logs, metrics, tracing, seen }, (snapshot) => watch(snapshot)),
  )
  await registry.start()
  settleMemory()
  const snapshot = () => registry.snapshot()
  const psd2 = new Psd2Lists({ ...atStart, ...listLog(log) })

  const responders = new ResponderLabels()
  const optionsOf = ({ ocsp }: Config) => revocationOptions(ocsp, (reason) => log.warn({ reason }, 'redis'))
  const observer = revocationLog({ log, metrics, responders, tracing, seen })
  const revocationAtStart = optionsOf(atStart)
  const revocation = new CurrentRevocation(revocationAtStart, (options, inherited) =>
    openRevocation(options, {
      ...{ clock, ...inherited, observer },
      ownersOf: (certificate) =>
        snapshot()
          ?.ownersOf(certificate)
          .map(({ id }) => id) ?? [],
    }),
  )
  const truststore = new TruststoreResource((reason) =>
    log.error({ reason }, 'trust store refused: what was in force stays'),
  )
  const expiry = new ExpiryWatch({ observer: expiryLog(log), clock, after, firstLookInMs: firstExpiryLookMs })
  const sds = new SdsService(truststore, sdsLog(log))
  const readiness = new Readiness([
    { name: 'registry', missing: () => (snapshot() === undefined ? 'nothing was read yet' : undefined) },
    { name: 'trust store', missing: () => (truststore.current === undefined ? 'it is not there yet' : undefined) },
  ])
  watch = (loaded) => {
    revocation.register(loaded.eachCertificate)
    truststore.follow(loaded.devApps)
    expiry.watch(loaded)
    readiness.renew()
  }
  const registered = snapshot()
  if (registered !== undefined) watch(registered)

  const { redis } = revocationAtStart.cache
  // Over connections of its own: what waits for OCSP does not hold it up.
  const fleetOf = (shared: typeof redis) =>
    shared && ((listener: FleetListener) => openFleet({ ...shared, onCommand: observer.onCommand }, listener))
  const lockouts = new Lockouts({
    ...{ clock, limits: () => lockoutLimits(config.current.lockout) },
    ...{ observer: lockoutLog({ ...logs, metrics }), openFleet: fleetOf(redis) },
  })
  const signatures = openSignatures({ redis, remembered: atStart.rememberedSignatures, clock })
  const trialRate = new RateLimit()
  const ports: Ports = {
    ...{ registry, revocation, qtsps: psd2, withdrawals: psd2, attempts: lockouts, signatures, clock },
    trials: { ...trialsOver(snapshot), admit: (source, rate, at) => trialRate.admit(source, rate, at) },
    secrets: new ClientSecrets(() => snapshot()?.holdsChosenSecret === true),
  }
  const wouldDeny = new WouldDenyCount()
  const check = checkService({
    ...{ settings: () => config.current, ports },
    certificates: new PresentedCertificates((der) => snapshot()?.registeredLeaf(der)),
    onDecision: (record, request) => {
      tracing?.decided(record)
      decisions.add(record)
      countDecision(metrics, record)
      wouldDeny.add(record)
      seen.decided(record, request)
      if (record.waived === 'replay_unavailable') metrics.count('signature_replay_waived_total', {})
      else if (record.waived !== undefined) revocation.countWaived(record.waived)
      if (record.likely_renewal !== undefined) metrics.count('likely_renewals_total', {})
    },
  })
  measureRegistry(metrics, { registry, expiry, readiness, clock })
  const stopLooking = measureRevocation(metrics, { revocation, responders, clock })
  measureTruststore(metrics, sds)
  measureLockouts(metrics, { lockouts, clock })
  const shadowed = (now: Date) => policiesInShadow(config.current, now)
  metrics.onScrape(() => {
    metrics.forget('shadow_policies')
    for (const { policy } of shadowed(clock())) metrics.set('shadow_policies', { policy }, 1)
  })

  const health = new Health(readiness)
  const server = await startServer(addresses.listen, {
    ...{ check: tracing?.around(check) ?? check, sds, health },
    reflection: atStart.reflection,
  })
  const onError = (where: string) => (error: unknown) => log.error({ err: error }, where)
  const scraped =
    addresses.metricsAddress &&
    (await startHttpServer(addresses.metricsAddress, { routes: [metricsRoute(metrics)], onError: onError('metrics') }))
  const api = serviceApi({
    ...{ config: () => config.current, clock, seen, ports, registry, revocation, sds, readiness, expiry, wouldDeny },
    adminRoutes: [
      ...ocspRoutes(() => revocation.control, clock),
      ...basicRoutes({ lockouts, devApps: () => snapshot()?.devApps ?? [], clock }),
      ...shadowRoutes(() => config.current, wouldDeny, clock),
      ...logLevelRoutes(logLevel),
    ],
    onError: onError('console'),
  })
  const admin = await startAdminServer(addresses.adminAddress, {
    routes: [...healthRoutes(readiness), ...api.routes],
    onError: onError('admin'),
  })
  const browsers = await api.startConsole(addresses.consolePort)
  const shadow = new ShadowNotice({ log, clock, inShadow: shadowed })

  config.observe({
    onChanged: (changed, { applied, restart }) => {
      if (applied.some((path) => path.startsWith('ocsp'))) {
        const options = optionsOf(changed)
        revocation.replace(options)
        if (applied.some((path) => path.startsWith('ocsp.cache.redis'))) {
          lockouts.share(fleetOf(options.cache.redis))
          signatures.share(sharedReplays(options.cache.redis))
        }
      }
      logLevel.configure(changed.log.level)
      metrics.count('config_reloads_total', { result: 'loaded' })
      if (applied.length > 0) log.info({ changed: applied }, 'configuration loaded')
      if (restart.length > 0) log.warn({ changed: restart }, 'configuration loaded: this part takes a restart')
      // Once the new one is in force.
      setImmediate(() => shadow.renew())
    },
    onRefused: (error) => {
      metrics.count('config_reloads_total', { result: 'refused' })
      log.error({ reason: error.message }, 'configuration refused: what was in force stays')
    },
    onUnchanged: () => metrics.count('config_reloads_total', { result: 'unchanged' }),
  })
  return {
    addresses: {
      ...{ address: server.address, admin: admin.address },
      ...{ console: browsers?.address, metrics: scraped?.address },
    },
    reloadRegistry: () => registry.reload(),
    stop: async () => {
      const { drainMs, graceMs } = config.current.shutdown
      readiness.beginStopping()
      await health.told(drainMs)
      await Promise.all([server.stop(graceMs), admin.stop(graceMs), browsers?.stop(graceMs), scraped?.stop(graceMs)])
      stopMeasuring()
      stopLooking()
      api.stop()
      for (const part of [expiry, psd2, shadow, logLevel]) part.stop()
      lockouts.close()
      signatures.close()
      await Promise.all([registry.stop(), revocation.close()])
      await tracing?.stop(graceMs)
    },
  }
}
