import { leastOfEachKind, type Result } from './row.ts'

const columns = [
  'fault',
  'requests',
  'wrongly allowed',
  'wrongly refused',
  'refused by policy',
  'seconds to recover',
] as const

const cellsOf = (result: Result): readonly string[] => [
  result.fault,
  ...[result.requests, result.wronglyAllowed, result.wronglyRefused, result.permittedRefusals].map(String),
  result.recoverySeconds.toFixed(1),
]

/** For a terminal. */
export function table(results: readonly Result[]): string {
  const lines = [columns, ...results.map(cellsOf)]
  const widths = columns.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)))
  return lines
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n')
}

/** docs/faults.md. */
export function page(results: readonly Result[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const evidence = results.map((result) => row([result.fault, result.evidence, result.changes]))
  return `# Faults

<!-- Written by npm run test:faults. -->

What every fault does to callers, as last measured by \`npm run test:faults\` on a machine with two cores: the real Envoy, Redis, PostgreSQL,
a responder over HTTP and two processes of the service, under a constant load of three kinds of good callers and ten of bad ones.
Each row holds at least ${leastOfEachKind} requests of every kind of bad caller while the fault is there.

- *wrongly allowed*: bad callers who were answered 200, or whom the upstream saw. Always 0.
- *wrongly refused*: good callers who were refused with a code that the configuration does not ask for in that state. Always 0.
- *refused by policy*: good callers who were refused with the code that belongs there, such as \`revocation_unavailable\` while
  a responder is silent and nothing is remembered, or \`gateway_unavailable\` while no process of the service runs.
- *seconds to recover*: from the end of the fault to the end of the last request of a good caller that was refused.

${row(columns)}
| --- | ---: | ---: | ---: | ---: | ---: |
${results.map((result) => row(cellsOf(result))).join('\n')}

How each one is known to have been there, and what became of a change of the registry that was asked for meanwhile. One that is
acknowledged, then or right before, is in force afterwards.

${row(['fault', 'evidence', 'change meanwhile'])}
| --- | --- | --- |
${evidence.join('\n')}
`
}
