import { parseArgs } from 'node:util'
import { askWarm } from '../admin/ocsp_client.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, serviceFrom, serviceOptions, serviceUsage } from './service_command.ts'

const usage = `Lets a running service ask now about every registered certificate, at its configured rate, and waits for the end. What is
remembered stays until its replacement has verified. The service goes on when this is interrupted.

Usage: devapp-authz ocsp warm [--config FILE | --admin ADDRESS] [--json]

${serviceUsage}
Progress is written to standard error. Exit code: 0 every one was answered, 1 some were not, or the service cannot be asked,
2 wrong usage.
`

/** `devapp-authz ocsp warm`, given the arguments after `warm`. Returns the exit code. */
export function ocspWarm(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'ocsp warm', usage, io }, async () => {
    const { values } = parseArgs({ args: argv, options: serviceOptions })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    let toldTenths = 0
    const warmed = await askWarm(serviceFrom(values), ({ of, asked, failed }) => {
      const tenths = Math.floor((10 * asked) / Math.max(of, 1))
      if (tenths <= toldTenths) return
      toldTenths = tenths
      io.stderr(`asked about ${asked} of ${of}, ${failed} failed\n`)
    })
    const { asked, answered, failed } = warmed
    io.stdout(values.json ? jsonText(warmed) : `asked about ${asked}: ${answered} answered, ${failed} failed\n`)
    if (failed > 0) io.stderr('devapp-authz ocsp warm: devapp-authz ocsp status names the failures\n')
    return failed === 0 ? exitCode.done : exitCode.refused
  })
}
