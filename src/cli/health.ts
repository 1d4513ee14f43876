import { parseArgs } from 'node:util'
import { z } from 'zod'
import { AdminError } from '../admin/admin_client.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, serviceFrom, serviceOptions, serviceUsage } from './service_command.ts'

const usage = `Asks a running service whether it is ready for requests, as a probe does.

Usage: devapp-authz health [--config FILE | --admin ADDRESS] [--live] [--json]

  --live            whether it lives: that it answers at all, ready or not
${serviceUsage}
Exit code: 0 ready; 1 not, with what is missing on standard output; 2 wrong usage.
`

const options = { ...serviceOptions, live: { type: 'boolean', default: false } } as const
const unavailable = 503

/** `devapp-authz health`, given the arguments after it. Returns the exit code. */
export function health(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'health', usage, io }, async () => {
    const { values } = parseArgs({ args: argv, options })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const path = values.live ? '/livez' : '/readyz'
    const word = values.live ? 'live' : 'ready'
    try {
      await serviceFrom(values).ask({ method: 'GET', path }, z.object({ [word]: z.literal(true) }))
      io.stdout(values.json ? jsonText({ [word]: true }) : `${word}\n`)
      return exitCode.done
    } catch (error) {
      if (!(error instanceof AdminError) || error.status !== unavailable) throw error
      io.stdout(
        values.json ? jsonText({ [word]: false, missing: error.detail ?? null }) : `not ready: ${error.detail}\n`,
      )
      return exitCode.refused
    }
  })
}
