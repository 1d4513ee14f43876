import type { Answer, Explanation, Step, StepOutcome } from '../explain/explanation.ts'
import { printable } from './columns.ts'

const marks: Readonly<Record<StepOutcome, string>> = {
  pass: '✓',
  deny: '✗',
  would_deny: '✗',
  not_asked: '-',
  not_reached: '·',
}

const verdicts: Readonly<Record<Explanation['decision']['kind'], (code: string) => string>> = {
  allow: () => 'Allowed. The API gets:',
  deny: (code) => `Refused: ${code}. The caller gets:`,
  shadowed: (code) => `Let pass by shadow mode, and else refused: ${code}. The API gets:`,
}

/** Of the longest name and two spaces. */
const nameWidth = 24
const indent = ' '.repeat(nameWidth + 2)

/** An explanation for a terminal: the steps, what the certificate nearly is, and what the caller gets. */
export function explanationListing({
  at,
  policy,
  decision,
  steps,
  nearMisses,
  handshake,
  answer,
}: Explanation): string {
  const heading = `Policy ${policy ?? 'none'}, as of ${at}`
  const misses = nearMisses.flatMap(({ kind, message, cure }) => [`  ${kind}: ${message}`, `    ${cure}`])
  const verdict = verdicts[decision.kind](decision.code)
  const paragraphs = [
    [heading],
    steps.flatMap(linesOf),
    ...(misses.length === 0 ? [] : [['Near misses', ...misses]]),
    ...(handshake === null ? [] : [[handshake]]),
    [verdict, ...linesOfAnswer(answer)],
  ]
  return `${paragraphs.map((lines) => lines.map(printable).join('\n')).join('\n\n')}\n`
}

function linesOf({ name, outcome, code, told, detail, found, evidence }: Step): string[] {
  const { tried = [] } = evidence
  const head = `${marks[outcome]} ${name.padEnd(nameWidth)}`
  switch (outcome) {
    case 'not_asked':
      return [`${head}not asked for`]
    case 'not_reached':
      return [`${head}not reached`]
    default: {
      const [first, ...others] = found.split('\n')
      const denial = code === null ? [] : [`${outcome === 'would_deny' ? 'would also refuse: ' : ''}${code}: ${told}`]
      const log = detail === null ? [] : [`log: ${detail}`]
      return [`${head}${first}`, ...[...others, ...[tried].flat(), ...denial, ...log].map((line) => indent + line)]
    }
  }
}

function linesOfAnswer({ status, headers, removed, body }: Answer): string[] {
  const lines = [
    ...(status === null ? [] : [`HTTP ${status}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(removed.length === 0 ? [] : [`without ${removed.join(', ')}`]),
  ].map((line) => `  ${line}`)
  return body === null ? lines : [...lines, '', `  ${body}`]
}
