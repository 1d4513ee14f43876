/** The load generator: oha, as one process for each measurement. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Load {
  readonly port: number
  readonly seconds: number
  /** Default 32. */
  readonly connections?: number
  /** The 1-way hostname instead of the 2-way one. */
  readonly oneWay?: boolean
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Requests a second that are begun whether or not others have ended (open loop); default: as many as there are answers. */
  readonly rate?: number
  /** A connection for each request. */
  readonly reconnect?: boolean
}

export interface Measured {
  readonly requests: number
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

export interface Client {
  readonly binary: string
  /** Files in PEM. */
  readonly certificate: string
  readonly key: string
  readonly authority: string
}

/** Asks for as long as it is told. Rejects where any answer is not 200. */
export async function load(client: Client, asked: Load): Promise<Measured> {
  const { port, seconds, connections = 32, oneWay = false, path = '/v1/data', headers = {} } = asked
  const host = oneWay ? 'api2.example.com' : 'api.example.com'
  const { stdout } = await run(
    client.binary,
    [
      ...[
        '--no-tui',
        '--output-format',
        'json',
        '-z',
        `${seconds}s`,
        '-c',
        String(connections),
        '--cacert',
        client.authority,
      ],
      ...['--connect-to', `${host}:${port}:127.0.0.1:${port}`, '--wait-ongoing-requests-after-deadline'],
      ...(oneWay ? [] : ['--cert', client.certificate, '--key', client.key]),
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      ...(asked.rate === undefined ? [] : ['-q', String(asked.rate), '--latency-correction']),
      ...(asked.reconnect === true ? ['--disable-keepalive'] : []),
      `https://${host}:${port}${path}`,
    ],
    { maxBuffer: 64 * 1_024 * 1_024 },
  )
  return measuredIn(JSON.parse(stdout) as OhaResult)
}

interface OhaResult {
  readonly summary: { readonly requestsPerSec: number; readonly total: number }
  readonly latencyPercentiles: { readonly p50: number; readonly p99: number }
  readonly statusCodeDistribution: Readonly<Record<string, number>>
  readonly errorDistribution: Readonly<Record<string, number>>
}

function measuredIn({ summary, latencyPercentiles, statusCodeDistribution, errorDistribution }: OhaResult): Measured {
  const { 200: requests = 0, ...others } = statusCodeDistribution
  const failed = { ...others, ...errorDistribution }
  if (requests === 0 || Object.keys(failed).length > 0)
    throw new Error(`answers that are not 200: ${JSON.stringify({ 200: requests, ...failed })}`)
  return {
    requests,
    perSecond: requests / summary.total,
    p50: latencyPercentiles.p50 * 1_000,
    p99: latencyPercentiles.p99 * 1_000,
  }
}
