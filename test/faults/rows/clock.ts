import { writeFileSync } from 'node:fs'
import type { Lab } from '../lab.ts'
import type { Row } from '../row.ts'
import { Growth } from './meanwhile.ts'

/** The clock of both processes is this far from that of everybody else, as libfaketime writes it. */
export const setClock = (lab: Lab, offset: string): void =>
  writeFileSync(lab.options.environment?.['FAKETIME_TIMESTAMP_FILE'] ?? '', `${offset}\n`)

function clockRow(fault: string, offset: string, code: string, status: number): Row {
  const refusals = Growth.ofMetric('decisions_total', { code })
  return {
    ...{ fault, lab: 'clock', permitted: [`${status} ${code}`, '503 revocation_unavailable'] },
    strike: async (lab) => {
      await refusals.begin(lab)
      setClock(lab, offset)
    },
    evidence: [`decisions are ${code}`, refusals.shows],
    repair: (lab) => setClock(lab, '+0'),
  }
}

export const clockRows: readonly Row[] = [
  clockRow('clock two hours ahead, past nextUpdate', '+2h', 'revocation_unavailable', 503),
  clockRow('clock 31 days ahead, past notAfter', '+31d', 'cert_expired', 401),
  clockRow('clock 40 days behind, before notBefore', '-40d', 'cert_not_yet_valid', 401),
]
