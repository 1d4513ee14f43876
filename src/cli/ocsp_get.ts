import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { AnswerDocument } from '../admin/ocsp_documents.ts'
import { chosenLeaf } from './certificate_choice.ts'
import { printable } from './columns.ts'
import { seenFrom } from './interval.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, serviceOptions, serviceUsage, UsageError } from './service_command.ts'
import { type SourceArguments, sourceFrom, sourceOptions, sourceUsage } from './source_options.ts'

const usage = `Shows what is remembered of one registered certificate's revocation, and writes the signed answer, in DER, for
openssl ocsp -respin FILE and devapp-authz ocsp verify --response FILE.

Usage: devapp-authz ocsp get CERT [--out FILE] [--config FILE | --admin ADDRESS | --redis --config FILE] [--json]

  CERT              a file with the certificate in PEM or DER, its SHA-256, or its serial number
  --out FILE        write the signed answer there
${sourceUsage}${serviceUsage}
Exit code: 0 shown, 1 not registered, not to be had, or without the answer that --out needs, 2 wrong usage.
`

/** `devapp-authz ocsp get`, given the arguments after `get`. Returns the exit code. */
export function ocspGet(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'ocsp get', usage, io }, async () => {
    const options = { ...serviceOptions, ...sourceOptions, out: { type: 'string' } } as const
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const [cert, ...others] = positionals
    if (cert === undefined) throw new UsageError('which CERT?')
    if (others.length > 0) throw new UsageError(`one CERT at a time, not also ${others.join(' ')}`)
    const found = await find(cert, values)
    const written = values.out === undefined ? undefined : writeAnswer(values.out, found)
    io.stdout(values.json ? jsonText(found) : listingOf(found, written))
    return exitCode.done
  })
}

async function find(cert: string, values: SourceArguments): Promise<AnswerDocument> {
  const source = await sourceFrom(values)
  try {
    const found = await source.get(await chosenLeaf(cert, () => source.certificates()))
    if (found === undefined) throw new Error(`${cert} is not registered with ${source.name}`)
    return found
  } finally {
    source.close()
  }
}

/** Returns the name of the file. */
function writeAnswer(file: string, { answer, entry }: AnswerDocument): string {
  if (answer === null) throw new Error(`no answer is remembered that ${file} could hold: the status is ${entry.status}`)
  writeFileSync(file, Buffer.from(answer, 'base64'))
  return file
}

const labelWidth = 15

function listingOf({ at, entry, answer }: AnswerDocument, written: string | undefined): string {
  const instant = (text: string | null): string => (text === null ? '-' : `${text} (${seenFrom(at, text)})`)
  const { lastError } = entry
  const rows: readonly [label: string, value: string][] = [
    ['Certificate', entry.commonName],
    ['Serial number', entry.serialNumber],
    ['SHA-256', entry.sha256],
    ['Issuer', entry.issuer],
    ['Issuer SHA-256', entry.issuerSha256],
    ['DevApps', entry.devApps.join(', ') || '-'],
    ['Status', entry.source === null ? entry.status : `${entry.status} (${entry.source})`],
    ['thisUpdate', instant(entry.thisUpdate)],
    ['nextUpdate', instant(entry.nextUpdate)],
    ['Usable until', instant(entry.usableUntil)],
    ['Next refresh', instant(entry.nextRefresh)],
    ['Responder', entry.responder ?? '-'],
    ['Last error', lastError === null ? '-' : `${lastError.cause} (${seenFrom(at, lastError.at)})`],
    ['Answer', answerText(answer, written)],
  ]
  return rows.map(([label, value]) => `${label.padEnd(labelWidth)} ${printable(value)}\n`).join('')
}

function answerText(answer: string | null, written: string | undefined): string {
  if (answer === null) return 'none'
  const size = `${Buffer.byteLength(answer, 'base64')} bytes of DER`
  return written === undefined ? `${size} (--out FILE writes them)` : `${size}, written to ${written}`
}
