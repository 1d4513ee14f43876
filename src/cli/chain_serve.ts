import { parseArgs } from 'node:util'
import { pageRoutes } from '../admin/console_pages.ts'
import { publicChainOperations } from '../api/chain_operations.ts'
import { type RunningHttpServer, startHttpServer } from '../http/server.ts'
import { RateLimit } from '../limits/rate_limit.ts'
import { parseListenAddress } from '../listen_address.ts'
import { bytesOfFile } from './certificate_file.ts'
import { configurationIn } from './configuration_file.ts'
import { intakeOptions } from './intake_options.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, UsageError } from './service_command.ts'

const defaultListen = '127.0.0.1:9194'
const defaultRate = 20

const usage = `Serves the page of the chain check alone, for third parties to check a chain before they submit it. It keeps nothing, asks nobody,
and has no other page: it needs neither the running service nor its network.

Usage: devapp-authz chain serve [options]

  --listen ADDRESS      HOST:PORT or unix:/PATH (default: ${defaultListen})
  --certificate FILE    a certificate in PEM, with its chain, for TLS; with
  --key FILE            its key
  --config FILE         the configuration: its intake counts
  --roots PATH          a PEM file, or a folder of .pem, .crt and .cer files: roots that are accepted beside Mozilla's
  --per-minute N        how many files of one source are checked in a minute (default: ${defaultRate}); of all together twenty times as many
  --behind-proxy        count a request to the last address in X-Forwarded-For, which the proxy in front writes
  -h, --help            this text

Exit code: 0 once it was stopped; 1 it cannot serve; 2 wrong usage.
`

const options = {
  listen: { type: 'string', default: defaultListen },
  certificate: { type: 'string' },
  key: { type: 'string' },
  config: { type: 'string' },
  roots: { type: 'string', multiple: true },
  'per-minute': { type: 'string', default: String(defaultRate) },
  'behind-proxy': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** Third parties are many, and slow ones keep nobody else away. */
const maxConnections = 512
const graceMs = 5_000

/** `devapp-authz chain serve`, given the arguments after it. Returns once it serves; the process lives on with its listener. */
export function chainServe(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'chain serve', usage, io }, async () => {
    const { values } = parseArgs({ args: argv, options })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const server = await startChainServer({
      ...values,
      behindProxy: values['behind-proxy'],
      perMinute: perMinuteIn(values['per-minute']),
      onError: (error) => io.stderr(`devapp-authz chain serve: ${String(error)}\n`),
    })
    const scheme = values.certificate === undefined ? 'http' : 'https'
    io.stdout(
      `the chain check is served on ${server.address.startsWith('unix:') ? '' : `${scheme}://`}${server.address}\n`,
    )
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.stop(graceMs))
    return exitCode.done
  })
}

export interface ChainServerOptions {
  readonly listen: string
  readonly certificate?: string | undefined
  readonly key?: string | undefined
  readonly config?: string | undefined
  readonly roots?: readonly string[] | undefined
  readonly perMinute: number
  readonly behindProxy: boolean
  readonly onError: (error: unknown) => void
  /** Default: real time. */
  readonly clock?: () => Date
}

/** Throws a UsageError where the options contradict each other, and an Error where a file cannot be read or the address be taken. */
export async function startChainServer(given: ChainServerOptions): Promise<RunningHttpServer> {
  const {
    listen,
    certificate,
    key,
    config,
    roots = [],
    perMinute,
    behindProxy,
    onError,
    clock = () => new Date(),
  } = given
  const address = parseListenAddress(listen)
  if (address === undefined) throw new UsageError(`${listen} is neither unix:/PATH nor HOST:PORT`)
  if ((certificate === undefined) !== (key === undefined))
    throw new UsageError('--certificate and --key need each other')
  const configuration = config === undefined ? undefined : configurationIn(config)
  const { rules } = intakeOptions(configuration, { at: clock(), roots, asks: false })
  const rate = new RateLimit()
  const limits = { requests: perMinute, total: perMinute * 20, perMs: 60_000 }
  const admit = (source: string, forwardedFor: string | undefined): number => {
    const last = behindProxy ? forwardedFor?.split(',').at(-1)?.trim() : undefined
    const admission = rate.admit(last ?? source, limits, clock())
    return admission.admitted ? 0 : admission.retryAfterMs
  }
  return startHttpServer(address, {
    routes: [
      ...pageRoutes({ page: 'chain.html', paths: ['/'], assets: '/assets/' }),
      ...publicChainOperations({ rules: () => ({ ...rules, at: clock() }) }, admit),
    ],
    ...{ onError, maxConnections },
    ...(certificate !== undefined &&
      key !== undefined && { tls: { certificate: bytesOfFile(certificate), key: bytesOfFile(key) } }),
  })
}

function perMinuteIn(text: string): number {
  const count = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined
  if (count === undefined) throw new UsageError('--per-minute takes a whole number from 1 to 999999')
  return count
}
