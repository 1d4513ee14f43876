import { parseArgs } from 'node:util'
import { type UnlockedDocument, unlockedDocument } from '../admin/basic_documents.ts'
import type { LockSelection } from '../lockout/lockouts.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, serviceFrom, serviceOptions, serviceUsage, UsageError } from './service_command.ts'

const usage = `Lifts locks of HTTP Basic in the whole fleet, and forgets what led to them. Whoever goes on failing is locked again.

Usage: devapp-authz basic unlock (--client-key KEY | --source ADDRESS | --all) [--config FILE | --admin ADDRESS] [--json]

  --client-key KEY  those of one ClientKey, at whichever address
  --source ADDRESS  those of one address, for whichever ClientKey; an IPv6 address means its /64
  --all             all
${serviceUsage}
Exit code: 0 lifted everywhere, none included; 1 the service cannot be asked, or the rest of the fleet could not be told; 2 wrong
usage.
`

const options = {
  ...serviceOptions,
  'client-key': { type: 'string' },
  source: { type: 'string' },
  all: { type: 'boolean', default: false },
} as const

/** `devapp-authz basic unlock`, given the arguments after `unlock`. Returns the exit code. */
export function basicUnlock(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'basic unlock', usage, io }, async () => {
    const { values } = parseArgs({ args: argv, options })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const { 'client-key': clientKey, source: address, all } = values
    const chosen: (LockSelection | undefined)[] = [
      clientKey === undefined ? undefined : { kind: 'client_key', clientKey },
      address === undefined ? undefined : { kind: 'source', address },
      all ? { kind: 'all' } : undefined,
    ]
    const [selection, ...more] = chosen.filter((each) => each !== undefined)
    if (selection === undefined || more.length > 0)
      throw new UsageError('one of --client-key KEY, --source ADDRESS and --all')
    const question = { method: 'POST', path: '/api/v1/basic/unlock', body: selection } as const
    return report(await serviceFrom(values).ask(question, unlockedDocument), values.json, io)
  })
}

function report(unlocked: UnlockedDocument, asJson: boolean, io: Io): number {
  const { lifted, fleet } = unlocked
  io.stdout(asJson ? jsonText(unlocked) : `lifted ${lifted} ${lifted === 1 ? 'lock' : 'locks'}\n`)
  if (!fleet) {
    io.stderr(
      'devapp-authz basic unlock: the rest of the fleet could not be told: Redis is away. Lift them at each process with --admin ADDRESS.\n',
    )
  }
  return fleet ? exitCode.done : exitCode.refused
}
