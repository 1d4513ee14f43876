import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { layOut, type Places, replaceFile, truststorePath } from './envoy_bootstrap.ts'
import { GuardedProcess } from './guarded_process.ts'
import { temporaryFolder } from './temporary_folder.ts'

export { findEnvoy } from './envoy_binary.ts'

const startWithinMs = 20_000
const replaceWithinMs = 5_000

export interface EnvoyOptions extends Omit<Places, 'folder'> {
  /** As `findEnvoy` finds it. */
  readonly binary: string
  /** Worker threads; default 1. */
  readonly concurrency?: number
}

/** One line of the access log: names as in envoy/envoy.yaml, `null` where there is no value. */
export type AccessLogLine = Readonly<Record<string, string | number | null>>

export interface RunningEnvoy {
  /** TLS, on 127.0.0.1. */
  readonly port: number
  /** `127.0.0.1:PORT` */
  readonly admin: string
  readonly pid: number
  /** The bootstrap it runs with, as JSON. */
  readonly bootstrap: string
  /** The PEM file of the trust store; whoever replaces it renames another one over it. */
  readonly truststore: string
  /** Envoy's own log so far, without the access log. */
  log(): string
  accessLog(): readonly AccessLogLine[]
  /** The first line of the access log that matches, waiting for it. */
  logged(matches: (line: AccessLogLine) => boolean): Promise<AccessLogLine>
  /** The value of a counter or gauge. */
  stat(name: string): Promise<number>
  /** Resolves once Envoy has looked at the new one: whether it took it. */
  replaceTruststore(pem: string): Promise<boolean>
  stop(): Promise<void>
}

/** The real Envoy on the project's own configuration. Resolves once it is ready, rejects with its log when it never is. */
export async function startEnvoy({ binary, concurrency = 1, ...places }: EnvoyOptions): Promise<RunningEnvoy> {
  const folder = temporaryFolder('envoy')
  const bootstrap = layOut({ ...places, folder: folder.path })
  const adminFile = join(folder.path, 'admin')
  const envoy = await GuardedProcess.start({
    command: binary,
    args: [
      ...['--config-path', bootstrap, '--admin-address-path', adminFile],
      ...['--concurrency', String(concurrency), '--disable-hot-restart', '--file-flush-interval-msec', '20'],
    ],
  })
  const stop = async (): Promise<void> => {
    await envoy.stop()
    folder.remove()
  }
  try {
    const admin = await ready(envoy, adminFile)
    const port = await listenerPort(admin)
    return running({ envoy, admin, port, bootstrap, truststore: truststorePath(folder.path), stop })
  } catch (error) {
    await stop()
    throw error
  }
}

interface Started {
  readonly envoy: GuardedProcess
  readonly admin: string
  readonly port: number
  readonly bootstrap: string
  readonly truststore: string
  readonly stop: () => Promise<void>
}

function running({ envoy, admin, port, bootstrap, truststore, stop }: Started): RunningEnvoy {
  const accessLog = () =>
    envoy.stdout.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as AccessLogLine)
  return {
    port,
    admin,
    pid: envoy.pid,
    bootstrap,
    truststore,
    log: () => envoy.stderr.join('\n'),
    accessLog,
    logged: (matches) => envoy.printed('the awaited line of its access log', () => accessLog().find(matches)),
    stat: (name) => statOf(admin, name),
    replaceTruststore: (pem) => replaceTruststore(truststore, pem, admin),
    stop,
  }
}

/** The admin port, once Envoy says that it is live: its secrets are loaded and it listens. */
async function ready(envoy: GuardedProcess, adminFile: string): Promise<string> {
  const deadline = Date.now() + startWithinMs
  while (!envoy.exited && Date.now() < deadline) {
    const admin = existsSync(adminFile) ? readFileSync(adminFile, 'utf8') : ''
    if (admin !== '' && (await isLive(admin))) return admin
    await after(20)
  }
  throw new Error(`Envoy ${envoy.exited ? 'exited' : `was not ready within ${startWithinMs} ms`}:\n${envoy.output}`)
}

async function isLive(admin: string): Promise<boolean> {
  try {
    const { ok } = await fetch(`http://${admin}/ready`)
    return ok
  } catch {
    return false
  }
}

async function listenerPort(admin: string): Promise<number> {
  const answer = await fetch(`http://${admin}/listeners?format=json`)
  const { listener_statuses } = (await answer.json()) as {
    listener_statuses: [{ local_address: { socket_address: { port_value: number } } }]
  }
  return listener_statuses[0].local_address.socket_address.port_value
}

async function statOf(admin: string, name: string): Promise<number> {
  const answer = await fetch(`http://${admin}/stats?format=json&filter=^${encodeURIComponent(name)}$`)
  const { stats } = (await answer.json()) as { stats: { name: string; value: number }[] }
  return stats.find((entry) => entry.name === name)?.value ?? 0
}

/** Envoy counts how often it looked at the secret and its files, and how often it did not like them. */
async function replaceTruststore(path: string, pem: string, admin: string): Promise<boolean> {
  const looked = () => statOf(admin, 'sds.truststore.update_attempt')
  const refused = async () =>
    (await statOf(admin, 'sds.truststore.key_rotation_failed')) +
    (await statOf(admin, 'sds.truststore.update_rejected'))
  const [lookedBefore, refusedBefore] = [await looked(), await refused()]
  replaceFile(path, pem)
  const deadline = Date.now() + replaceWithinMs
  while ((await looked()) === lookedBefore) {
    if (Date.now() > deadline) throw new Error(`Envoy did not look at the new trust store within ${replaceWithinMs} ms`)
    await after(5)
  }
  return (await refused()) === refusedBefore
}
