import { type MetricDescription, metricCatalogue, metricPrefix } from '../../src/metrics/catalogue.ts'

/** docs/metrics.md: every metric, under a heading that is its name. */
export function metricsGuide(): string {
  const entries = Object.entries(metricCatalogue) as [string, MetricDescription][]
  const row = ([name, { type, labels }]: [string, MetricDescription]): string =>
    `| [\`${metricPrefix}${name}\`](#${metricPrefix}${name}) | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} |`
  return `${[
    introduction,
    ['| Metric | Type | Labels |', '| --- | --- | --- |', ...entries.map(row)].join('\n'),
    ...entries.map(([name, description]) => section(metricPrefix + name, description)),
  ].join('\n\n')}\n`
}

const introduction = `<!-- Made by \`npm run generate\` from src/metrics/catalogue.ts. Change that, not this file. -->

# Metrics

OpenMetrics on the address that \`metrics\` of the [configuration](configuration.md) names, at \`/metrics\`. Each process has its own.
Labels have few values: no serial number, ClientKey or name of a certificate is one. Beside those here are Node.js's own
(\`process_*\`, \`nodejs_*\`).`

function section(name: string, { help, labels, buckets, reading }: MetricDescription): string {
  const facts = [
    ...(labels.length > 0 ? [`- **Labels:** ${labels.map((label) => `\`${label}\``).join(', ')}`] : []),
    ...(buckets === undefined ? [] : [`- **Buckets:** ${buckets.join(', ')}`]),
    `- **Reading it:** ${reading}`,
  ]
  return [`## ${name}`, help, facts.join('\n')].join('\n\n')
}
