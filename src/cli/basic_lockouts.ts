import { parseArgs } from 'node:util'
import { type LockoutDocument, type LockoutsDocument, lockoutsDocument } from '../admin/basic_documents.ts'
import { columns } from './columns.ts'
import { seenFrom } from './interval.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, serviceFrom, serviceOptions, serviceUsage } from './service_command.ts'

const usage = `Shows who is locked out of HTTP Basic after too many wrong secrets, as far as a running service knows: by ClientKey and source
address, by source address, and of which ClientKey somebody guesses from many addresses.

Usage: devapp-authz basic lockouts [--config FILE | --admin ADDRESS] [--json]

${serviceUsage}
A ClientKey that no DevApp has is shown by the beginning of its SHA-256, since it may be a secret in the wrong place.

Exit code: 0 shown, 1 the service cannot be asked, 2 wrong usage.
`

/** `devapp-authz basic lockouts`, given the arguments after `lockouts`. Returns the exit code. */
export function basicLockouts(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'basic lockouts', usage, io }, async () => {
    const { values } = parseArgs({ args: argv, options: serviceOptions })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const told = await serviceFrom(values).ask({ method: 'GET', path: '/api/v1/basic/lockouts' }, lockoutsDocument)
    io.stdout(values.json ? jsonText(told) : listing(told))
    return exitCode.done
  })
}

function listing({ at, fleet, lockouts }: LockoutsDocument): string {
  const rows = lockouts.map((lock) => [lock.by, callerOf(lock), lock.source ?? 'any', seenFrom(at, lock.until)])
  const counted = `${lockouts.length} ${lockouts.length === 1 ? 'lock' : 'locks'}`
  const apart = fleet === 'away' ? '; Redis is away, so these are of this process alone' : ''
  return `${rows.length === 0 ? '' : columns([['BY', 'CLIENT KEY', 'SOURCE', 'ENDS'], ...rows])}${counted}${apart}\n`
}

function callerOf({ devApp, clientKeySha256 }: LockoutDocument): string {
  if (devApp !== null) return `of ${devApp}`
  return clientKeySha256 === null ? 'any' : `unknown, sha256 ${clientKeySha256}`
}
