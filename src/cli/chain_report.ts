import { type ChainFinding, type ChainReport, documentOfFinding, type FindingDocument } from '../intake/chain_report.ts'
import { certificatesFromPem } from '../pki/certificate.ts'
import { printable } from './columns.ts'

/** A report for a terminal: the verdict, every problem with its cure, the warnings, and the right order of a wrong one. */
export function reportText(report: ChainReport, fileName: string): string {
  const { accepted, problems, warnings } = report
  const verdict = accepted ? 'accepted' : `refused: ${counted(problems.length, 'problem')}`
  return [
    `${printable(fileName)} is ${verdict}\n`,
    ...problems.map(findingText),
    ...(warnings.length === 0 ? [] : [`${counted(warnings.length, 'warning')}\n`, ...warnings.map(findingText)]),
    ...rightOrderText(report),
  ].join('\n')
}

/** The same for programs; a value that a finding does not have is null. */
export function reportJson({ accepted, problems, warnings }: ChainReport): {
  readonly accepted: boolean
  readonly problems: readonly FindingDocument[]
  readonly warnings: readonly FindingDocument[]
} {
  return { accepted, problems: problems.map(documentOfFinding), warnings: warnings.map(documentOfFinding) }
}

function findingText({ code, position, subject, message, cure }: ChainFinding): string {
  const place = position === undefined ? '' : ` in certificate ${position}${subject ? `, ${subject}` : ''}`
  return `${printable(`${code}${place}`)}\n  ${printable(message)}\n  ${printable(cure)}\n`
}

function rightOrderText({ problems, rightOrder }: ChainReport): string[] {
  const isWrong = problems.some(({ code }) => code === 'order_reversed' || code === 'order_wrong')
  if (!isWrong || rightOrder === undefined) return []
  const subjects = certificatesFromPem(rightOrder).map(({ subject }, i) => `  ${i + 1}. ${printable(subject)}\n`)
  return [`The right order (chain check --write-fixed OUT writes it so)\n${subjects.join('')}`]
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
