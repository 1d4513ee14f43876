import { AdminClient } from '../admin/admin_client.ts'
import { defaultAdminAddress } from '../config/schema.ts'
import { configurationIn } from './configuration_file.ts'
import { exitCode, type Io } from './io.ts'

/** What every subcommand takes that asks a running service. */
export const serviceOptions = {
  config: { type: 'string' },
  admin: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

export const serviceUsage = `  --config FILE     the service's configuration, which names its admin address
  --admin ADDRESS   that address itself: unix:/PATH, or a loopback HOST:PORT
                    (default: ${defaultAdminAddress})
  --json            one JSON object instead of the listing
  -h, --help        this text
`

/** Called wrongly: what is said of it is followed by how it is meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * The exit code of `run`; where it throws, 2 for wrong usage and 1 for the rest, with the reason on standard error. Wrong
 * usage is a UsageError, and what `parseArgs` throws.
 */
export async function exitCodeOf(
  { name, usage, io }: { readonly name: string; readonly usage: string; readonly io: Io },
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run()
  } catch (error) {
    const { message, code = '' } = error as Error & { code?: string }
    const wrongUsage = error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS')
    io.stderr(`devapp-authz ${name}: ${message}\n${wrongUsage ? `\n${usage}` : ''}`)
    return wrongUsage ? exitCode.usage : exitCode.refused
  }
}

/** The running service that the arguments name. Throws where they name two, and as `configurationIn` does. */
export function serviceFrom({ config, admin }: { config?: string | undefined; admin?: string | undefined }) {
  if (config !== undefined && admin !== undefined) throw new UsageError('--config or --admin, not both')
  return new AdminClient(config === undefined ? (admin ?? defaultAdminAddress) : configurationIn(config).adminAddress)
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
