import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Packed {
  readonly tarball: string
  readonly files: readonly { readonly path: string; readonly mode: number }[]
}

/** The package as `npm pack` makes it of the build that is there, put into `folder`. */
export function packInto(folder: string): Packed {
  const printed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const report = JSON.parse(printed) as { filename: string; files: Packed['files'] }[] | Record<string, never>
  const [packed] = Object.values(report) as [{ filename: string; files: Packed['files'] }]
  return { tarball: join(folder, packed.filename), files: packed.files }
}
