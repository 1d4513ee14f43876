import { parseArgs } from 'node:util'
import { askStatus } from '../admin/ocsp_client.ts'
import type { EntryDocument, StatusDocument } from '../admin/ocsp_documents.ts'
import { columns } from './columns.ts'
import { intervalText, seenFrom } from './interval.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, serviceFrom, serviceOptions, serviceUsage } from './service_command.ts'

const usage = `Shows what a running service knows of the revocation of every registered certificate, the most urgent first, and how often
each tier answered since its start.

Usage: devapp-authz ocsp status [--config FILE | --admin ADDRESS] [--json]

${serviceUsage}
Exit code: 0 shown, 1 the service cannot be asked, 2 wrong usage.
`

/** `devapp-authz ocsp status`, given the arguments after `status`. Returns the exit code. */
export function ocspStatus(argv: string[], io: Io): Promise<number> {
  return exitCodeOf({ name: 'ocsp status', usage, io }, async () => {
    const { values } = parseArgs({ args: argv, options: serviceOptions })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const status = await askStatus(serviceFrom(values))
    io.stdout(values.json ? jsonText(status) : `${tableOf(status)}\n${summaryOf(status)}`)
    return exitCode.done
  })
}

const header = [
  'CERTIFICATE',
  'DEVAPP',
  'STATUS',
  'SOURCE',
  'AGE',
  'NEXT UPDATE',
  'NEXT REFRESH',
  'RESPONDER',
  'LAST ERROR',
]

function tableOf({ at, entries }: StatusDocument): string {
  return columns([header, ...entries.map((entry) => rowOf(entry, at))])
}

function rowOf(entry: EntryDocument, at: string): string[] {
  const { thisUpdate, nextUpdate, nextRefresh, lastError } = entry
  return [
    `${entry.commonName} ${shortSerial(entry.serialNumber)}`,
    entry.devApps.join(', ') || '-',
    entry.status,
    entry.source ?? '-',
    thisUpdate === null ? '-' : intervalText(Date.parse(at) - Date.parse(thisUpdate)),
    nextUpdate === null ? '-' : seenFrom(at, nextUpdate),
    nextRefresh === null ? '-' : seenFrom(at, nextRefresh),
    entry.responder ?? '-',
    lastError === null ? '-' : `${seenFrom(at, lastError.at)}: ${lastError.cause}`,
  ]
}

/** Enough to tell two certificates of one name apart; `ocsp get` and `--json` have the rest. */
const shortSerial = (serial: string): string => (serial.length > 10 ? `${serial.slice(0, 8)}..` : serial)

function summaryOf({ entries, statistics }: StatusDocument): string {
  const byStatus = new Map<string, number>()
  for (const { status } of entries) byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
  const counted = [...byStatus].map(([status, count]) => `${count} ${status}`)
  const tiers = Object.entries(statistics).map(([name, counts]) => [
    name,
    typeof counts === 'number' ? String(counts) : textOf(counts),
  ])
  return `${[`${entries.length} certificates`, ...counted].join(', ')}\n\n${columns([['SINCE THE START', ''], ...tiers])}`
}

const textOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
