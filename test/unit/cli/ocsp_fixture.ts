import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Io } from '../../../src/cli/io.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a subcommand, and keeps what it writes. */
export async function run(
  subcommand: (argv: string[], io: Io) => number | Promise<number>,
  ...argv: string[]
): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const code = await subcommand(argv, {
    stdout: (text) => {
      stdout += text
    },
    stderr: (text) => {
      stderr += text
    },
  })
  return { code, stdout, stderr }
}

/** The shortest configuration, with these keys besides. Returns its file. */
export function writeConfig(folder: string, keys: Readonly<Record<string, unknown>>): string {
  const file = join(folder, 'authz.yaml')
  const config = {
    hostnames: { mtls: ['api.example.com'], tls: ['api2.example.com'] },
    policies: { data: { channel: 'mtls', require: ['certificate'] } },
    registry: { file: 'devapps.yaml' },
    ...keys,
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}
