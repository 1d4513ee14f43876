import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Progress } from './program.ts'
import { installRequirements, isCurrent } from './python_environment.ts'
import { temporaryFolder } from './temporary_folder.ts'

const environment = {
  folder: fileURLToPath(new URL('../../.tools/schemathesis', import.meta.url)),
  requirements: fileURLToPath(new URL('schemathesis.txt', import.meta.url)),
}

/** The path of schemathesis (Python 3.11 or newer), which tests an API against its OpenAPI document. */
export function findSchemathesis(progress: Progress): string {
  if (!isCurrent(environment)) {
    const complaint = installRequirements(
      environment,
      {
        announcement: 'Fetching schemathesis from PyPI into .tools/, once (about 20 MB) ...',
        purpose: 'schemathesis is fetched from PyPI',
        otherwise: 'Nothing else has it under the pinned hashes.',
      },
      progress,
    )
    if (complaint !== undefined)
      throw new Error(`schemathesis could not be fetched from PyPI.\npip said:\n${complaint}`)
  }
  return join(environment.folder, 'bin', 'schemathesis')
}

export interface SchemathesisOptions {
  /** Of the OpenAPI document. */
  readonly url: string
  /** Paths that are left out. */
  readonly except: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly examples: number
  readonly seed: number
}

/** A body that is too large for what it is meant to be is refused as such, whatever else is wrong with it. */
const settings = `[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 413, 415, 422, 428, 429, "5xx"]
`

/** What schemathesis finds. Not in this thread: what is asked has to be heard meanwhile. */
export async function runSchemathesis(
  program: string,
  { url, except, headers = {}, examples, seed }: SchemathesisOptions,
): Promise<{ readonly ok: boolean; readonly output: string }> {
  const folder = temporaryFolder('schemathesis')
  const config = join(folder.path, 'schemathesis.toml')
  writeFileSync(config, settings)
  const args = [
    ...['--config-file', config, 'run', url, '--no-color', '--seed', String(seed), '--max-examples', String(examples)],
    ...except.flatMap((path) => ['--exclude-path', path]),
    ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
  ]
  try {
    return await new Promise((resolve) => {
      execFile(program, args, { cwd: folder.path, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
        resolve({ ok: error === null, output: `${stdout}${stderr}` })
      })
    })
  } finally {
    folder.remove()
  }
}
