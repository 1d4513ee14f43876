import { parseArgs } from 'node:util'
import { migrateRegistry } from '../registry/open_registry.ts'
import { configurationIn } from './configuration_file.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, UsageError } from './service_command.ts'

const usage = `Brings the tables of the registry in PostgreSQL to what this version of devapp-authz knows: all that is missing, or nothing.
Running services go on meanwhile. It is safe to run it again, and to run it several times at once.

Usage: devapp-authz migrate --config FILE [--dry-run] [--json]

  --config FILE   the configuration, whose registry.postgres names the database
  --dry-run       only say what would be applied
  --json          one object: { database, present, applied, pending }
  -h, --help      this text

The user in the database has to be one who may create tables there: docs/registry.md.
`

const options = {
  config: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** `devapp-authz migrate`. */
export function migrateCommand(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'migrate', usage, io }, async () => {
    const { values } = parseArgs({ args: argv, options })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    if (values.config === undefined) throw new UsageError('--config is missing')
    const { database, ...report } = await migrateRegistry(configurationIn(values.config).registry, {
      dryRun: values['dry-run'],
    })
    io.stdout(values.json ? jsonText({ database, ...report }) : `${database}: ${inWords(report)}\n`)
    return exitCode.done
  })
}

type Report = Readonly<Record<'present' | 'applied' | 'pending', readonly string[]>>

function inWords({ present, applied, pending }: Report): string {
  if (applied.length > 0) return `applied ${applied.join(', ')}`
  if (pending.length > 0) return `would apply ${pending.join(', ')}`
  return `nothing to apply: ${present.at(-1)} is there`
}
