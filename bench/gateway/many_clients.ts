/** Many open connections, each with a certificate of its own or all with the same one: bench/many_clients. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Measured } from './oha.ts'

const run = promisify(execFile)

export interface ManyClients {
  readonly binary: string
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** Files in PEM; of the certificates, as many as there are in it. */
  readonly certificates: string
  readonly key: string
  readonly authority: string
}

export async function loadOfMany(asked: ManyClients): Promise<Measured> {
  const { stdout } = await run(asked.binary, [
    ...['-address', `127.0.0.1:${asked.port}`, '-server-name', 'api.example.com', '-path', '/v1/data'],
    ...['-authority', asked.authority, '-certificates', asked.certificates, '-key', asked.key],
    ...['-connections', String(asked.connections), '-for', `${asked.seconds}s`],
  ])
  const result = JSON.parse(stdout) as Record<'requests' | 'seconds' | 'p50' | 'p99', number>
  return {
    requests: result.requests,
    perSecond: result.requests / result.seconds,
    p50: result.p50 * 1_000,
    p99: result.p99 * 1_000,
  }
}
