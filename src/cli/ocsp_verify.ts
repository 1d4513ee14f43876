import { parseArgs } from 'node:util'
import { parseDuration } from '../duration.ts'
import { ocspRejections } from '../pki/ocsp_rejection.ts'
import { type OcspVerdict, verifyOcspResponse } from '../pki/ocsp_verification.ts'
import { bytesOfFile, certificateFromFile } from './certificate_file.ts'
import { exitCode, type Io } from './io.ts'
import { timeOf } from './time_option.ts'

const usage = `Judges an OCSP response that was saved to a file, as the gateway would.

Usage: devapp-authz ocsp verify --response FILE --cert FILE --issuer FILE [options]

  --response FILE   the OCSP response, in DER
  --cert FILE       the certificate that was asked about, in PEM or DER
  --issuer FILE     the certificate of the CA that issued it, in PEM or DER; trusted as it is given

  --at TIME         judge as of this time, such as 2026-06-15T12:00:00Z (default: now)
  --skew DURATION   how far the responder's clock may be off (default: 1m)
  --max-age DURATION
                    how long a response without nextUpdate is usable from its thisUpdate on (default: 24h)
  --allow-sha1      accept signatures that rest on SHA-1
  --json            one JSON object instead of the listing
  -h, --help        this text

Durations carry a unit: 300ms, 30s, 5m, 24h, 7d.

Prints the status: good, revoked, unknown, or rejected with the code of the rule that the response breaks.
Exit code: 0 good, 1 every other status, 2 wrong usage or an unreadable file.
`

/** `devapp-authz ocsp verify`, with the arguments after `verify`. Returns the exit code: 0 good, 1 otherwise, 2 usage. */
export function ocspVerify(argv: string[], io: Io): number {
  try {
    const command = commandOf(argv)
    if (command === 'help') {
      io.stdout(usage)
      return exitCode.done
    }
    const verdict = verdictOf(command)
    io.stdout(command.json ? `${JSON.stringify(jsonOf(verdict), undefined, 2)}\n` : listing(verdict))
    return verdict.status === 'good' ? exitCode.done : exitCode.refused
  } catch (error) {
    io.stderr(`devapp-authz ocsp verify: ${(error as Error).message}\nTry --help.\n`)
    return exitCode.usage
  }
}

interface Command {
  readonly response: string
  readonly cert: string
  readonly issuer: string
  readonly at: Date
  readonly skewMs: number
  readonly maxAgeMs: number
  readonly allowSha1: boolean
  readonly json: boolean
}

const options = {
  response: { type: 'string' },
  cert: { type: 'string' },
  issuer: { type: 'string' },
  at: { type: 'string' },
  skew: { type: 'string', default: '1m' },
  'max-age': { type: 'string', default: '24h' },
  'allow-sha1': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** Throws an Error that says what is wrong with the arguments. */
function commandOf(argv: string[]): Command | 'help' {
  const { values } = parseArgs({ args: argv, options })
  if (values.help) return 'help'
  return {
    response: required('--response', values.response),
    cert: required('--cert', values.cert),
    issuer: required('--issuer', values.issuer),
    at: values.at === undefined ? new Date() : timeOf(values.at),
    skewMs: durationOf('--skew', values.skew),
    maxAgeMs: durationOf('--max-age', values['max-age']),
    allowSha1: values['allow-sha1'],
    json: values.json,
  }
}

function required(option: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`${option} FILE is missing`)
  return value
}

function durationOf(option: string, text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new Error(`${option}: expected a duration such as 5m, got "${text}"`)
  return ms
}

function verdictOf({ response, cert, issuer, ...expectation }: Command): OcspVerdict {
  const subject = { certificate: certificateFromFile(cert), issuer: certificateFromFile(issuer) }
  return verifyOcspResponse(bytesOfFile(response), { subject, ...expectation })
}

/** In the order of the listing; `null` where the response does not say. */
function jsonOf(verdict: OcspVerdict): Record<string, string | null> {
  if (verdict.status === 'rejected') {
    const { status, code, detail } = verdict
    return { status, code, meaning: ocspRejections[code], detail }
  }
  const revoked = {
    reason: verdict.revocationReason ?? null,
    revokedAt: verdict.revokedAt?.toISOString() ?? null,
  }
  return {
    status: verdict.status,
    ...(verdict.status === 'revoked' ? revoked : {}),
    thisUpdate: verdict.thisUpdate.toISOString(),
    nextUpdate: verdict.nextUpdate?.toISOString() ?? null,
    usableUntil: verdict.usableUntil.toISOString(),
    producedAt: verdict.producedAt.toISOString(),
    responder: verdict.responder,
  }
}

function listing(verdict: OcspVerdict): string {
  return Object.entries(jsonOf(verdict))
    .map(([name, value]) => `${name.padEnd(12)} ${value ?? 'none'}\n`)
    .join('')
}
