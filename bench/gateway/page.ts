/** The bench's part of docs/performance.md, and its plot. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { plotOf } from './plot.ts'
import { inWords, type Results, type Row } from './results.ts'

const docs = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))

const digitsOf = (value: number): number => (Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0)
const shown = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(digitsOf(value)))

function measured({ spread, unit }: Row): string {
  const { median, least, most } = spread
  const range = least === most ? '' : ` (${shown(least)} to ${shown(most)})`
  return `${shown(median)}${unit === '' ? '' : ` ${unit}`}${range}`
}

/** The ratios, as a table in Markdown. */
export function ratioTable({ rows }: Results): string {
  return table(
    ['', 'Measured', 'Bound', ''],
    rows.map((row) => [
      row.what,
      measured(row),
      row.bound ? inWords(row.bound, row.unit) : '',
      row.holds ? '' : 'missed',
    ]),
  )
}

/** The figures that the ratios are made of: medians. */
export function figureTable(results: Results): string {
  const of = (name: string, quantity: Parameters<Results['spreadOf']>[1]): string =>
    shown(results.spreadOf(name, quantity)?.median)
  return table(
    ['', 'Requests a second', 'p50, ms', 'p99, ms', 'Service, µs', 'Envoy, µs'],
    results.names.map((name) => [
      name,
      of(name, 'perSecond'),
      of(name, 'p50'),
      of(name, 'p99'),
      of(name, 'service'),
      of(name, 'envoy'),
    ]),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Writes what was measured where the page has a place for it: `mark` names that. */
export function document(mark: string, text: string): void {
  const page = readFileSync(docs('performance.md'), 'utf8')
  const section = new RegExp(`(<!-- ${mark} -->)[\\s\\S]*?(<!-- end -->)`)
  if (!section.test(page)) throw new Error(`docs/performance.md has no place for "${mark}"`)
  writeFileSync(
    docs('performance.md'),
    page.replace(section, (_, from, to) => `${from}\n${text}\n${to}`),
  )
}

export function drawPlot(results: Results, names: readonly string[]): void {
  writeFileSync(docs('performance.svg'), plotOf(results, names))
}
