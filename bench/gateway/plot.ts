/** Bars of throughput and p99, as SVG that reads on a light page and on a dark one. */
import type { Results } from './results.ts'

const colours = ['#4c78a8', '#e45756']
const [barHeight, gap, left, width] = [16, 14, 250, 760]

/** One pair of bars for each measurement: requests a second, and the p99 in milliseconds. */
export function plotOf(results: Results, names: readonly string[]): string {
  const measured = names.filter((name) => results.spreadOf(name, 'perSecond') !== undefined)
  const panels = [
    { quantity: 'perSecond', title: 'Requests a second, 32 connections', digits: 0 },
    { quantity: 'p99', title: 'p99 in ms, 32 connections', digits: 2 },
  ] as const
  const panelHeight = measured.length * (barHeight + gap) + 40
  const bars = panels.flatMap(({ quantity, title, digits }, panel) => {
    const top = panel * panelHeight
    const spreads = measured.map((name) => results.spreadOf(name, quantity)!)
    const scale = (width - left - 90) / Math.max(...spreads.map(({ most }) => most))
    return [
      text(left, top + 22, title, 'font-weight="bold"'),
      ...measured.flatMap((name, i) => {
        const { median, least, most } = spreads[i]!
        const y = top + 34 + i * (barHeight + gap)
        const middle = y + barHeight / 2
        return [
          text(left - 8, y + 12, name, 'text-anchor="end"'),
          `<rect x="${left}" y="${y}" width="${(median * scale).toFixed(1)}" height="${barHeight}" fill="${colours[panel]}"/>`,
          `<path d="M${(left + least * scale).toFixed(1)} ${middle}H${(left + most * scale).toFixed(1)}" stroke="#888" stroke-width="2"/>`,
          text(left + most * scale + 6, y + 12, median.toFixed(digits)),
        ]
      }),
    ]
  })
  const height = panels.length * panelHeight
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13" fill="#777">
${bars.join('\n')}
</svg>
`
}

const escaped = (words: string): string => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const text = (x: number, y: number, words: string, attributes = ''): string =>
  `<text x="${x.toFixed(0)}" y="${y}" ${attributes}>${escaped(words)}</text>`
