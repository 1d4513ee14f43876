import type { Observations } from './api/observations.ts'
import type { SdsObserver } from './envoy/sds_stream.ts'
import type { LockoutObserver } from './lockout/lockouts.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { ResponderLabels } from './metrics/responder_labels.ts'
import { observeCommand, observeFetch } from './metrics/revocation.ts'
import type { Logger } from './ops/log.ts'
import type { CommandObserver } from './redis/redis_connection.ts'
import type { ExpiryObserver } from './registry/expiry_watch.ts'
import type { Psd2ListsOptions } from './registry/psd2_lists.ts'
import type { RegistrySnapshot } from './registry/registry.ts'
import { RegistryChanges } from './registry/registry_changes.ts'
import type { RegistryObserver } from './registry/store.ts'
import type { CrlObserver } from './revocation/crl/crl_holding.ts'
import type { RejectionObserver } from './revocation/known_answers.ts'
import type { FetchObserver } from './revocation/responder.ts'
import type { Tracing } from './tracing/tracing.ts'

/* What the parts of the service tell, in the words of the log. */

/** Who is told. */
interface Told {
  readonly log: Logger
  readonly metrics: Metrics
  /** `undefined` where nothing is traced. */
  readonly tracing: Tracing | undefined
  readonly seen: Pick<Observations, 'fetched' | 'registryRead'>
}

export function registryLog(
  { log, audit, metrics, tracing, seen }: Told & { readonly audit: Logger },
  onLoaded: (snapshot: RegistrySnapshot) => void,
): RegistryObserver {
  const changes = new RegistryChanges()
  return {
    onLoaded: (snapshot) => {
      metrics.count('registry_loads_total', { result: 'loaded' })
      seen.registryRead(undefined)
      log.info({ devapps: snapshot.devApps.length }, 'registry loaded')
      for (const change of changes.since(snapshot.devApps)) audit.info(change, 'registry changed')
      onLoaded(snapshot)
    },
    onRefused: (error) => {
      metrics.count('registry_loads_total', { result: 'refused' })
      seen.registryRead(error.message)
      log.error({ reason: error.message }, 'registry refused: what was in force stays')
    },
    onBroken: (broken) => log.error(broken, 'certificate refused: it is not of its issuer'),
    onRead: tracing && ((read) => tracing.registryRead(read)),
  }
}

export function listLog(log: Logger): Pick<Psd2ListsOptions, 'onLoaded' | 'onRefused'> {
  return {
    onLoaded: (list, entries) => log.info({ list, entries }, 'list loaded'),
    onRefused: (list, error) => log.error({ list, reason: error.message }, 'list refused: what was in force stays'),
  }
}

export function revocationLog({
  log,
  metrics,
  responders,
  tracing,
  seen,
}: Told & { readonly responders: ResponderLabels }): FetchObserver & RejectionObserver & CrlObserver & CommandObserver {
  return {
    onFetch: (fetched) => {
      observeFetch(metrics, responders, fetched)
      log.debug(fetched, 'responder')
      seen.fetched(fetched)
      tracing?.fetched(fetched)
    },
    onRejected: (rejection) => {
      log.warn(rejection, 'answer rejected')
      tracing?.rejected(rejection)
    },
    onCommand: (given) => {
      observeCommand(metrics, given)
      tracing?.commanded(given)
    },
    onCrl: ({ location, crl }) => log.info({ location, entries: crl.revoked.size, nextUpdate: crl.nextUpdate }, 'crl'),
    onCrlFailed: (failure) => log.warn(failure, 'no crl'),
  }
}

/** One line a lock, by whom it is known here: a ClientKey that nobody has may be a secret in the wrong place. */
export function lockoutLog({
  audit,
  metrics,
}: Omit<Told, 'log' | 'tracing' | 'seen'> & { readonly audit: Logger }): LockoutObserver {
  return {
    onBegan: ({ subject: { kind, network, clientKeyHash }, until, devApp, locks }) =>
      audit.warn(
        {
          ...{ by: kind, devapp: devApp, source: network, client_key_sha256: clientKeyHash },
          ...{ until: new Date(until), in_a_row: locks },
        },
        'locked out of basic',
      ),
    onRefused: (by) => metrics.count('basic_lockouts_total', { by }),
    onLifted: (locks) => {
      for (const { subject } of locks)
        audit.info(
          { by: subject.kind, source: subject.network, client_key_sha256: subject.clientKeyHash },
          'lock of basic lifted',
        )
    },
  }
}

export function sdsLog(log: Logger): SdsObserver {
  return {
    onOpened: (node) => log.debug({ node }, 'an Envoy asks for its trust store'),
    onAccepted: ({ version, authorities }) => log.info({ version, cas: authorities }, 'Envoy has the trust store'),
    onRejected: ({ version, authorities }, reason) =>
      log.error({ version, cas: authorities, reason }, 'Envoy rejected the trust store: what it had stays'),
    onUnknown: (names) => log.warn({ names }, 'Envoy asks for secrets that are not served'),
  }
}

/** The counts once at the start, then one line for each certificate that comes nearer to its end. */
export function expiryLog(log: Logger): ExpiryObserver {
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
