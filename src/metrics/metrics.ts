import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type MetricDescription, type MetricName, metricCatalogue, metricPrefix } from './catalogue.ts'

type Catalogue = typeof metricCatalogue
type NamesOf<Type extends MetricDescription['type']> = {
  [Name in MetricName]: Catalogue[Name]['type'] extends Type ? Name : never
}[MetricName]
type Labels<Name extends MetricName> = Readonly<Record<Catalogue[Name]['labels'][number], string>>

/** The metrics of the catalogue, and those of Node.js itself, as OpenMetrics. */
export class Metrics {
  readonly contentType = Registry.OPENMETRICS_CONTENT_TYPE
  readonly #registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>()
  readonly #counters = new Map<string, Counter>()
  readonly #gauges = new Map<string, Gauge>()
  readonly #histograms = new Map<string, Histogram>()
  readonly #countedUpTo = new Map<string, number>()
  readonly #collectors: (() => void)[] = []

  constructor() {
    this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    for (const [name, description] of Object.entries(metricCatalogue)) this.#add(name, description)
    collectDefaultMetrics({ register: this.#registry as unknown as Registry })
  }

  count<Name extends NamesOf<'counter'>>(name: Name, labels: Labels<Name>, by = 1): void {
    this.#counters.get(name)?.inc(labels, by)
  }

  set<Name extends NamesOf<'gauge'>>(name: Name, labels: Labels<Name>, value: number): void {
    this.#gauges.get(name)?.set(labels, value)
  }

  /** Takes back every value of a gauge, whose labels may no longer be there. */
  forget(name: NamesOf<'gauge'>): void {
    this.#gauges.get(name)?.reset()
  }

  observe<Name extends NamesOf<'histogram'>>(name: Name, labels: Labels<Name>, value: number): void {
    this.#histograms.get(name)?.observe(labels, value)
  }

  /** Brings a counter to what was counted elsewhere, which only ever grows. */
  countUpTo<Name extends NamesOf<'counter'>>(name: Name, labels: Labels<Name>, total: number): void {
    const key = [name, ...Object.values<string>(labels)].join('/')
    const more = total - (this.#countedUpTo.get(key) ?? 0)
    if (more <= 0) return
    this.#countedUpTo.set(key, total)
    this.count(name, labels, more)
  }

  /** `collect` sets what is only looked up when somebody asks. It has to be quick, since requests wait meanwhile. */
  onScrape(collect: () => void): void {
    this.#collectors.push(collect)
  }

  /** OpenMetrics 1.0. Rejects where a collector throws. */
  text(): Promise<string> {
    for (const collect of this.#collectors) collect()
    return this.#registry.metrics()
  }

  #add(name: string, { type, help, labels, buckets, initial = [] }: MetricDescription): void {
    const registers = [this.#registry as unknown as Registry]
    const common = { name: metricPrefix + name, help, labelNames: [...labels], registers }
    if (type === 'counter') {
      const counter = new Counter(common)
      for (const labels of initial) counter.inc(labels, 0)
      this.#counters.set(name, counter)
    } else if (type === 'gauge') this.#gauges.set(name, new Gauge(common))
    else this.#histograms.set(name, new Histogram({ ...common, buckets: [...(buckets ?? [])] }))
  }
}
