/** A panel in the few words that differ from one to the next. */
export interface Panel {
  readonly title: string
  /** How it is read, for the SRE who hovers over it. */
  readonly description: string
  readonly kind: 'timeseries' | 'stat' | 'heatmap' | 'bargauge'
  /** In Grafana's words: `reqps`, `s`, `percentunit`, `short`. */
  readonly unit: string
  /** From 1 to 24 columns. */
  readonly width: number
  readonly queries: readonly { readonly expr: string; readonly legend: string }[]
  readonly stacked?: boolean
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[]
}

const columns = 24
const panelHeight = 8
const datasource = { type: 'prometheus', uid: '$datasource' }

/** Grafana's JSON, as it is imported or provisioned. */
export function dashboardJson({ uid, title, description, rows }: Dashboard): string {
  let id = 0
  let y = 0
  const panels = rows.flatMap((row) => {
    const heading = { id: ++id, type: 'row', title: row.title, collapsed: false, gridPos: gridPos(0, y++, columns, 1) }
    let x = 0
    const placed = row.panels.map((panel) => {
      if (x + panel.width > columns) {
        x = 0
        y += panelHeight
      }
      const json = panelJson(panel, ++id, gridPos(x, y, panel.width, panelHeight))
      x += panel.width
      return json
    })
    y += panelHeight
    return [heading, ...placed]
  })
  const dashboard = {
    ...{ uid, title, description, tags: ['devapp-authz'], editable: false, schemaVersion: 39, version: 1 },
    ...{ time: { from: 'now-6h', to: 'now' }, refresh: '30s', graphTooltip: 1, links: [] },
    templating: { list: [datasourceVariable, instanceVariable] },
    panels,
  }
  return `${JSON.stringify(dashboard, undefined, 2)}\n`
}

const gridPos = (x: number, y: number, w: number, h: number) => ({ x, y, w, h })

const datasourceVariable = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }
const instanceVariable = {
  ...{ name: 'instance', label: 'Process', type: 'query', datasource, refresh: 2, multi: true, includeAll: true },
  ...{ allValue: '.+', query: 'label_values(devapp_authz_ready, instance)' },
}

function panelJson({ title, description, kind, unit, queries, stacked }: Panel, id: number, at: object): object {
  const custom = stacked === true ? { stacking: { mode: 'normal' }, fillOpacity: 40 } : { fillOpacity: 10 }
  return {
    ...{ id, title, description, type: kind, datasource, gridPos: at },
    fieldConfig: { defaults: { unit, min: 0, ...(kind === 'timeseries' && { custom }) }, overrides: [] },
    options:
      kind === 'timeseries' ? { legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull'] } } : {},
    targets: queries.map(({ expr, legend }, index) => ({
      ...{ refId: String.fromCharCode(65 + index), datasource, expr, legendFormat: legend },
      ...(kind === 'heatmap' && { format: 'heatmap' }),
    })),
  }
}

/** Of the processes that are chosen above the dashboard. */
export const chosen = 'instance=~"$instance"'
