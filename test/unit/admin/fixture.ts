import { request } from 'node:http'
import { join } from 'node:path'
import { AdminClient } from '../../../src/admin/admin_client.ts'
import { type AdminServerOptions, startAdminServer } from '../../../src/admin/admin_server.ts'
import { ocspRoutes } from '../../../src/admin/ocsp_routes.ts'
import type {
  PurgeSelection,
  RevocationControl,
  RevocationEntry,
  RevocationOverview,
  WarmProgress,
} from '../../../src/revocation/control.ts'
import { newStatistics } from '../../../src/revocation/statistics.ts'
import { fixedNow } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'

export const minutes = (count: number): Date => new Date(fixedNow.getTime() + count * 60_000)

/** A certificate that its issuer calls good, refreshed in time. */
export function entryOf(changes: Partial<RevocationEntry> = {}): RevocationEntry {
  return {
    ...{ sha256: 'aa'.repeat(32), serialNumber: '0a0b', commonName: 'acme.example' },
    ...{ issuer: 'CN=Example CA', issuerSha256: 'cc'.repeat(32), devApps: ['acme'] },
    ...{ status: 'good', source: 'ocsp' },
    ...{ thisUpdate: minutes(-90), nextUpdate: minutes(60), usableUntil: minutes(60), nextRefresh: minutes(30) },
    ...{ responder: 'http://ocsp.example.com/', lastError: undefined },
    ...changes,
  }
}

export interface Remembered {
  readonly entry: RevocationEntry
  readonly der?: Uint8Array
}

/** A RevocationControl that holds what it is told, and remembers what was asked of it. */
export class ControlStandIn implements RevocationControl {
  readonly statistics = newStatistics()
  readonly breakers = new Map()
  readonly redisReady = undefined
  readonly purged: PurgeSelection[] = []
  remembered: readonly Remembered[]
  fleet = true
  warming: readonly WarmProgress[] = [{ of: 1, asked: 1, answered: 1, failed: 0 }]
  failure: Error | undefined

  constructor(...remembered: Remembered[]) {
    this.remembered = remembered
  }

  overview(): Promise<RevocationOverview> {
    throw new Error('nobody asks for it here')
  }

  page(): Promise<never> {
    throw new Error('nobody asks for it here')
  }

  choices(): Promise<never> {
    throw new Error('nobody asks for it here')
  }

  entries(): readonly RevocationEntry[] {
    if (this.failure !== undefined) throw this.failure
    return this.remembered.map(({ entry }) => entry)
  }

  get(sha256: string): { readonly entry: RevocationEntry; readonly der: Uint8Array | undefined } | undefined {
    const found = this.remembered.find(({ entry }) => entry.sha256 === sha256)
    return found && { entry: found.entry, der: found.der }
  }

  async purge(selection: PurgeSelection) {
    this.purged.push(selection)
    const selected = this.remembered.filter(
      ({ entry }) =>
        selection.kind === 'all' ||
        selection.sha256 === (selection.kind === 'issuer' ? entry.issuerSha256 : entry.sha256),
    )
    return { certificates: selected.length, fleet: this.fleet }
  }

  async warm(onProgress: (progress: WarmProgress) => void) {
    for (const progress of this.warming) onProgress(progress)
    if (this.failure !== undefined) throw this.failure
    const { asked, answered, failed } = this.warming.at(-1)!
    return { asked, answered, failed }
  }
}

export interface AdminUnderTest {
  readonly address: string
  readonly client: AdminClient
  /** What routes threw. */
  readonly errors: unknown[]
  stop(): Promise<void>
}

/** An admin server on a socket of its own, or on the address given. */
export async function serveAdmin(
  control: RevocationControl,
  { listen, routes }: { listen?: string; routes?: AdminServerOptions['routes'] } = {},
): Promise<AdminUnderTest> {
  const folder = temporaryFolder('admin')
  const errors: unknown[] = []
  const server = await startAdminServer(listen ?? `unix:${join(folder.path, 'admin.sock')}`, {
    routes:
      routes ??
      ocspRoutes(
        () => control,
        () => fixedNow,
      ),
    onError: (error) => void errors.push(error),
  })
  const stop = async () => {
    await server.stop(0)
    folder.remove()
  }
  return { address: server.address, client: new AdminClient(server.address), errors, stop }
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** One raw request, as curl would send it. */
export function send(
  address: string,
  { method = 'GET', path, headers = {}, body = '' }: SentRequest,
): Promise<Answered> {
  const [host = '', port] = address.split(/:(?=\d+$)/)
  const target = address.startsWith('unix:') ? { socketPath: address.slice(5) } : { host, port: Number(port) }
  return new Promise((resolve, reject) => {
    const sent = request({ ...target, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

export interface SentRequest {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}
