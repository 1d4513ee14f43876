import { accessSync, constants, statSync } from 'node:fs'
import { basename } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { ConsoleAccess } from './admin/console_access.ts'
import { pageRoutes } from './admin/console_pages.ts'
import { startConsoleServer } from './admin/console_server.ts'
import { describedAdminRoutes } from './api/admin_operations.ts'
import { apiOf, readOnly } from './api/api.ts'
import { chainOperations } from './api/chain_operations.ts'
import { denialOperations } from './api/denial_operations.ts'
import { devAppOperations } from './api/devapp_operations.ts'
import { explainOperations } from './api/explain_operations.ts'
import type { Observations } from './api/observations.ts'
import { ocspOperations, tierTotals } from './api/ocsp_operations.ts'
import type { Operation } from './api/operation.ts'
import type { OverviewDocument, ProcessDocument } from './api/overview_documents.ts'
import { overviewOperations } from './api/overview_operations.ts'
import { sessionPath } from './api/session_operations.ts'
import { instantOrNull } from './api/values.ts'
import { intakeOptions } from './cli/intake_options.ts'
import type { Config, RegistryLocation } from './config/config.ts'
import { nameOfPostgres } from './config/postgres_schema.ts'
import type { SdsStatistics } from './envoy/sds_service.ts'
import type { Route } from './http/route.ts'
import type { RunningHttpServer } from './http/server.ts'
import type { Readiness } from './ops/readiness.ts'
import type { WouldDenyCount } from './ops/would_deny_count.ts'
import type { Clock, Ports } from './ports.ts'
import type { ExpiryWatch } from './registry/expiry_watch.ts'
import type { RegistrySource } from './registry/store.ts'
import type { CurrentRevocation } from './revocation/current_revocation.ts'
import { packageVersion } from './version.ts'

/* What the service tells of itself over HTTP: the API, and the console that shows it. */

export interface ServiceApiParts {
  readonly config: () => Config
  readonly clock: Clock
  readonly seen: Observations
  readonly ports: Ports
  readonly registry: RegistrySource
  readonly revocation: CurrentRevocation
  readonly sds: { readonly statistics: SdsStatistics }
  readonly readiness: Readiness
  readonly expiry: Pick<ExpiryWatch, 'counts'>
  readonly wouldDeny: WouldDenyCount
  /** The admin port's own routes under /api/v1. */
  readonly adminRoutes: readonly Route[]
  readonly onError: (error: unknown) => void
}

export interface ServiceApi {
  /** For the admin port: all of it, and the console. */
  readonly routes: readonly Route[]
  /** Starts the port for browsers, where one is configured: what changes nothing, and the console. */
  startConsole(port: number | undefined): Promise<RunningHttpServer | undefined>
  stop(): void
}

const totalsEveryMs = 10_000
const consolePaths = ['/', '/console/', '/console/{page}']

export function serviceApi(parts: ServiceApiParts): ServiceApi {
  const { config, clock, seen, revocation } = parts
  const atStart = config()
  const version = packageVersion()
  const eventLoop = measuredProcess(clock)
  const look = (): void => seen.totals.look(tierTotals(revocation.control), clock().getTime())
  const timer = setInterval(look, totalsEveryMs).unref()
  look()
  const operations = operationsOf(parts, version, eventLoop.read)
  const pages = pageRoutes({ page: 'index.html', paths: consolePaths, assets: '/console/assets/' })
  return {
    routes: [...apiOf(operations, { version, access: undefined }), ...pages],
    startConsole: async (port) => {
      if (atStart.console === undefined) return undefined
      const { listen: configured, token, tls } = atStart.console
      const listen = { ...configured, port: port ?? configured.port }
      const access = token === undefined ? undefined : new ConsoleAccess({ token, tls: tls !== undefined, clock })
      return startConsoleServer({
        ...{ listen, tls, access, onError: parts.onError },
        routes: [...apiOf(readOnly(operations), { version, access }), ...pages],
        isOpen: (path) => path === '/' || path.startsWith('/console/') || path === sessionPath,
      })
    },
    stop: () => {
      clearInterval(timer)
      eventLoop.stop()
    },
  }
}

function operationsOf(parts: ServiceApiParts, version: string, processOf: () => ProcessDocument): readonly Operation[] {
  const { config, clock, seen, registry, revocation, sds, readiness, expiry, wouldDeny } = parts
  const location = config().registry
  const registryName = location.kind === 'file' ? basename(location.path) : nameOfPostgres(location)
  const snapshot = () => registry.snapshot()
  return [
    ...overviewOperations({
      ...{ version, clock, rules: config, hour: seen.hour, wouldDeny },
      missing: () => readiness.missing,
      processes: () => [processOf()],
      registry: () => registryDocument(registryName, location, parts),
      sds: () => {
        const { version: current, authorities, streams, acked, nacked } = sds.statistics
        return { version: current ?? null, authorities, streams, accepted: acked, rejected: nacked }
      },
      redisReady: () => revocation.control.redisReady,
      expiring: () => expiry.counts,
    }),
    ...denialOperations(seen.denials, clock),
    ...ocspOperations({ control: () => revocation.control, fetches: seen.fetches, totals: seen.totals, clock }),
    ...devAppOperations({ snapshot, renewals: seen.renewals, clock }),
    ...chainOperations({
      rules: (askIssuer) => {
        const { rules, close } = intakeOptions(config(), { at: clock(), asks: askIssuer })
        const ownersOf = (sha256: string) => snapshot()?.ownersBySha256(sha256) ?? []
        return { rules: { ...rules, sharing: { ownersOf } }, close }
      },
    }),
    ...explainOperations({
      ...{ rules: config, ports: parts.ports, snapshot, registryName, denials: seen.denials },
      known: (certificate) => revocation.known(certificate),
    }),
    ...describedAdminRoutes(parts.adminRoutes),
  ]
}

function registryDocument(
  name: string,
  location: RegistryLocation,
  { registry, seen }: ServiceApiParts,
): OverviewDocument['registry'] {
  const { connected, asOf } = registry.freshness()
  const snapshot = registry.snapshot()
  const known = seen.registryRefused
  // A store that was right since says nothing where it is what it was before.
  const refused = known !== undefined && asOf !== undefined && asOf > known.at ? undefined : known
  return {
    ...{ name, kind: location.kind, connected, asOf: instantOrNull(asOf) },
    ...{ devApps: snapshot?.devApps.length ?? 0, certificates: snapshot?.leafCount ?? 0 },
    writable: location.kind === 'file' ? isWritable(location.path) : null,
    refused: refused === undefined ? null : { at: refused.at.toISOString(), reason: refused.reason },
  }
}

/** Also root writes no file of a mounted ConfigMap, nor one that says that nobody should. */
function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK)
    return (statSync(file).mode & 0o222) !== 0
  } catch {
    return false
  }
}

function measuredProcess(clock: Clock): { readonly read: () => ProcessDocument; readonly stop: () => void } {
  const startedAt = new Date(clock().getTime() - process.uptime() * 1_000).toISOString()
  const resolutionMs = 20
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const lateMs = (quantile: number): number =>
    Math.max(0, Math.round(delay.percentile(quantile) / 1e4) / 100 - resolutionMs)
  return {
    read: () => ({
      ...{ pid: process.pid, startedAt, residentBytes: process.memoryUsage.rss() },
      eventLoopDelayMs: { p50: lateMs(50), p99: lateMs(99) },
    }),
    stop: () => delay.disable(),
  }
}
