import { installPackages, type Progress, programOnPath } from './program.ts'

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
