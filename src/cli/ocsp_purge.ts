import { parseArgs } from 'node:util'
import type { PurgeDocument } from '../admin/ocsp_documents.ts'
import type { PurgeSelection } from '../revocation/control.ts'
import type { AnswerSource } from './answer_source.ts'
import { chosenIssuer, chosenLeaf } from './certificate_choice.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, serviceOptions, serviceUsage, UsageError } from './service_command.ts'
import { sourceFrom, sourceOptions, sourceUsage } from './source_options.ts'

const usage = `Makes the fleet forget answers about registered certificates, in every process and in Redis, so that the responder is asked
anew: after a wrong "revoked", say. Until it has answered, requests with these certificates wait, or are refused.

Usage: devapp-authz ocsp purge (--cert CERT | --issuer CERT | --all)
                               [--config FILE | --admin ADDRESS | --redis --config FILE] [--json]

  --cert CERT       of one certificate: a file with it in PEM or DER, its SHA-256, or its serial number
  --issuer CERT     of all that one CA issued: a file with its certificate, or the SHA-256 of that
  --all             of all
${sourceUsage}${serviceUsage}
Exit code: 0 forgotten everywhere; 1 nothing was selected, the service cannot be asked, or the rest of the fleet could not be
told; 2 wrong usage.
`

const options = {
  ...serviceOptions,
  ...sourceOptions,
  cert: { type: 'string' },
  issuer: { type: 'string' },
  all: { type: 'boolean', default: false },
} as const

/** `devapp-authz ocsp purge`, given the arguments after `purge`. Returns the exit code. */
export function ocspPurge(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'ocsp purge', usage, io }, async () => {
    const { values } = parseArgs({ args: argv, options })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const { cert, issuer, all } = values
    const chosen = [cert, issuer, all || undefined].filter((each) => each !== undefined)
    if (chosen.length !== 1) throw new UsageError('one of --cert CERT, --issuer CERT and --all')
    const source = await sourceFrom(values)
    try {
      return report(await source.purge(await selectionOf({ cert, issuer }, source)), values.json, io)
    } finally {
      source.close()
    }
  })
}

async function selectionOf(
  { cert, issuer }: { readonly cert: string | undefined; readonly issuer: string | undefined },
  source: AnswerSource,
): Promise<PurgeSelection> {
  if (cert !== undefined) return { kind: 'certificate', sha256: await chosenLeaf(cert, () => source.certificates()) }
  return issuer === undefined ? { kind: 'all' } : { kind: 'issuer', sha256: chosenIssuer(issuer) }
}

function report(purged: PurgeDocument, asJson: boolean, io: Io): number {
  const { certificates, fleet } = purged
  if (asJson) io.stdout(jsonText(purged))
  else io.stdout(`purged the answers about ${certificates} ${certificates === 1 ? 'certificate' : 'certificates'}\n`)
  if (certificates === 0) io.stderr('devapp-authz ocsp purge: no registered certificate was selected\n')
  if (!fleet) {
    io.stderr(
      'devapp-authz ocsp purge: the rest of the fleet could not be told: each process uses what it remembers until that expires. Purge at each of them with --admin ADDRESS.\n',
    )
  }
  return certificates > 0 && fleet ? exitCode.done : exitCode.refused
}
