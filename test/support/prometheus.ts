import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free_port.ts'
import { GuardedProcess } from './guarded_process.ts'
import { installPackages, type Progress, programOnPath } from './program.ts'
import { temporaryFolder } from './temporary_folder.ts'

/**
 * The paths of `prometheus` and `promtool`: on the PATH, else, as root on Debian, from the package, which is installed. Throws
 * with what is missing and how to get it.
 */
export async function findPrometheus(
  progress: Progress,
): Promise<{ readonly prometheus: string; readonly promtool: string }> {
  const onPath = () => ({ prometheus: programOnPath('prometheus'), promtool: programOnPath('promtool') })
  let { prometheus, promtool } = onPath()
  if (prometheus === undefined || promtool === undefined) {
    installPackages(['prometheus'], progress)
    ;({ prometheus, promtool } = onPath())
  }
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool }
  throw new Error(
    'There is no Prometheus. Install it (Debian: apt-get install prometheus; macOS: brew install prometheus).',
  )
}

export interface RunningPrometheus {
  /** The series that a query gives now. Rejects with what Prometheus says of a wrong one. */
  query(expr: string): Promise<readonly unknown[]>
  /** Resolves once so many scrapes have succeeded. */
  scraped(times: number): Promise<void>
  stop(): Promise<void>
}

/** A Prometheus on a free loopback port that scrapes `HOST:PORT` every second, as the job devapp-authz. */
export async function startPrometheus(target: string): Promise<RunningPrometheus> {
  const folder = temporaryFolder('prometheus')
  mkdirSync(folder.path, { recursive: true })
  const config = join(folder.path, 'prometheus.yml')
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      scrape_configs: [{ job_name: 'devapp-authz', static_configs: [{ targets: [target] }] }],
    }),
  )
  const port = await freePort()
  const { prometheus } = await findPrometheus(() => {})
  const server = await GuardedProcess.start({
    command: prometheus,
    args: [
      ...[`--config.file=${config}`, `--storage.tsdb.path=${join(folder.path, 'data')}`],
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  })
  await server.printed(
    'it was ready',
    () => server.output.includes('Server is ready to receive web requests') || undefined,
  )

  const query = async (expr: string): Promise<readonly unknown[]> => {
    const asked = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`)
    const answer = (await asked.json()) as { status: string; error?: string; data?: { result: unknown[] } }
    if (answer.data === undefined) throw new Error(`${expr}: ${answer.error}`)
    return answer.data.result
  }
  return {
    query,
    scraped: async (times) => {
      while ((await query(`count_over_time(up[5m]) >= ${times} and up == 1`)).length === 0)
        await new Promise((resolve) => setTimeout(resolve, 100))
    },
    stop: async () => {
      await server.stop()
      folder.remove()
    },
  }
}
