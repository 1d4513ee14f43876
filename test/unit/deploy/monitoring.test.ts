import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { parse } from 'yaml'
import { metricCatalogue, metricPrefix } from '../../../src/metrics/catalogue.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: { readonly severity?: string }
  readonly annotations?: Readonly<Record<string, string>>
}
const rules = (
  parse(read('deploy/prometheus/devapp-authz.rules.yaml')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules)
const alerts = rules.filter(({ alert }) => alert !== undefined)

const dashboards = readdirSync(join(root, 'deploy/grafana')).map((file) => ({
  file,
  panels: (JSON.parse(read(`deploy/grafana/${file}`)) as { panels: { title: string; targets?: { expr: string }[] }[] })
    .panels,
}))

/** Every series name that the service can have, as PromQL writes them. */
const series = new Set(
  Object.entries(metricCatalogue).flatMap(([name, { type }]) =>
    (type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']).map((suffix) => metricPrefix + name + suffix),
  ),
)

function unknownIn(expr: string): string[] {
  const recorded = new Set(rules.map(({ record }) => record))
  const named = expr.match(/\bdevapp_authz[a-z0-9_:]+/g) ?? []
  return named.filter((name) => !series.has(name) && !recorded.has(name))
}

describe('the rules for Prometheus', () => {
  for (const { alert, record, expr } of rules) {
    it(`${alert ?? record} looks at metrics that there are`, () => {
      expect(unknownIn(expr)).to.deep.equal([])
    })
  }

  it('say for each alert how urgent it is, what it means, and where the runbook stands', () => {
    const headings = new Set([...read('docs/runbook.md').matchAll(/^## (\w+)$/gm)].map(([, heading]) => heading))
    for (const { alert = '', labels, annotations } of alerts) {
      expect(labels?.severity, alert).to.be.oneOf(['page', 'ticket'])
      expect(annotations, alert).to.include.keys('summary', 'description')
      expect(annotations?.['runbook'], alert).to.equal(`docs/runbook.md#${alert.toLowerCase()}`)
      expect(headings.has(alert), `the runbook has ${alert}`).to.equal(true)
    }
    expect([...headings].sort()).to.deep.equal(alerts.map(({ alert }) => alert).sort())
  })

  it('are each fired by a test of theirs', () => {
    const tests = ['devapp-authz.tests.yaml', 'devapp-authz-days.tests.yaml']
    const fired = tests.flatMap((file) => read(`deploy/prometheus/${file}`).match(/(?<=alertname=")\w+/g) ?? [])
    expect([...new Set(fired)].sort()).to.deep.equal(alerts.map(({ alert }) => alert).sort())
  })
})

describe('the dashboards for Grafana', () => {
  for (const { file, panels } of dashboards) {
    it(`${file} looks at metrics that there are`, () => {
      const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
      expect(queries.flatMap(unknownIn)).to.deep.equal([])
      expect(queries.length).to.be.greaterThan(5)
    })
  }

  it('show every metric', () => {
    const text = dashboards.map(({ panels }) => JSON.stringify(panels)).join('')
    const unseen = Object.keys(metricCatalogue).filter((name) => !text.includes(metricPrefix + name))
    expect(unseen).to.deep.equal([])
  })
})
