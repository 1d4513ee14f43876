import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import {
  type Bootstrap,
  type Cluster,
  type HttpConnectionManager,
  httpConnectionManager,
} from '../support/envoy_bootstrap.ts'
import { type LiveGateway, startLiveGateway } from '../support/live_gateway.ts'
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp_receiver.ts'
import { Authority } from '../support/pki.ts'
import { startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const traceparent = ['traceparent', `00-${traceId}-${spanId}-01`] as const

const root = Authority.root({ now: new Date() })
const leaf = root.issue({ commonName: 'acme' })

/** The YAML of docs/tracing.md, block by block. */
const guide = readFileSync(new URL('../../docs/tracing.md', import.meta.url), 'utf8')
const [ownSection, envoySection, envoyCluster] = [...guide.matchAll(/^```yaml\n(.*?)^```$/gms)].map(
  ([, yaml = '']) => yaml,
)

/** Makes Envoy trace as docs/tracing.md says; every request, and without delay. */
const tracingTo =
  ({ port }: OtlpReceiver) =>
  (bootstrap: Bootstrap): void => {
    const here = (yaml = '') => parse(yaml.replaceAll('4318', String(port)))
    const { early_header_mutation_extensions: more, tracing } = here(envoySection) as HttpConnectionManager & {
      tracing: object
    }
    const manager = httpConnectionManager(bootstrap)
    manager.early_header_mutation_extensions[0].typed_config.mutations.push(...more[0].typed_config.mutations)
    Object.assign(manager, { tracing: { ...tracing, random_sampling: { value: 100 } } })
    bootstrap.static_resources.clusters.push(here(envoyCluster) as Cluster)
    const static_layer = { 'tracing.opentelemetry.min_flush_spans': 1 }
    Object.assign(bootstrap, { layered_runtime: { layers: [{ name: 'tests', static_layer }] } })
  }

describe('tracing through the real Envoy', function () {
  this.timeout(30_000)
  let receiver: OtlpReceiver
  let gateway: LiveGateway

  beforeEach(async () => {
    receiver = await OtlpReceiver.start()
  })
  afterEach(async () => {
    await gateway.stop()
    await receiver.stop()
  })

  const start = (change?: (bootstrap: Bootstrap) => void): Promise<LiveGateway> =>
    startLiveGateway({
      registrations: [{ id: 'acme', certificates: [leaf] }],
      ...{ chainPem: root.chainPem, ocsp: '{ on_no_source: allow }', ...(change && { change }) },
      more: (ownSection ?? '').replace('4318', String(receiver.port)).replace('0.01', '1'),
    })
  const ofService = (service: string, name: RegExp) => (spans: readonly ReceivedSpan[]) =>
    spans.find((span) => span.service === service && name.test(span.name))

  it("is part of Envoy's trace, which no client has begun", async () => {
    gateway = await start(tracingTo(receiver))
    expect((await gateway.ask({ certificate: leaf, headers: [traceparent] })).status).to.equal(200)
    const check = await receiver.found(ofService('devapp-authz', /^Check$/))
    const ofEnvoy = await receiver.found((spans) =>
      spans.find(({ service, spanId }) => service === 'gateway' && spanId === check.parentSpanId),
    )
    expect(ofEnvoy.traceId).to.equal(check.traceId)
    expect(check.traceId).to.not.equal(traceId)
    expect(check.links).to.deep.equal([])
    expect(check.attributes).to.include({ 'devapp_authz.code': 'allow', 'devapp_authz.devapp': 'acme' })
  })

  it("has a link to the client's trace where Envoy does not trace, and is there after SIGTERM", async () => {
    gateway = await start()
    const refused = root.issue({ commonName: 'stranger' })
    const { code } = await gateway.ask({ certificate: refused, headers: [traceparent] })
    expect(code).to.equal('cert_not_registered')
    expect(await gateway.service.stop()).to.equal(0)
    const check = ofService('devapp-authz', /^Check$/)(receiver.spans)
    expect(check).to.deep.include({ parentSpanId: '', links: [{ traceId, spanId, traceState: '' }] })
    expect(check?.attributes).to.include({ 'devapp_authz.code': 'cert_not_registered' })
  })
})

describe('a service that does not trace', () => {
  const folder = temporaryFolder('untraced')
  const at = (name: string): string => join(folder.path, name)
  after(() => folder.remove())

  /** The packages of OpenTelemetry that a service has loaded when it stops. */
  async function loadedBy(tracing: string): Promise<readonly string[]> {
    writeFileSync(at('devapps.yaml'), 'devapps: []')
    writeFileSync(
      at('authz.yaml'),
      [
        `listen: unix:${at('authz.sock')}`,
        `admin: unix:${at('admin.sock')}`,
        'hostnames: { mtls: [api.example.com], tls: [api2.example.com] }',
        'policies: { data: { channel: mtls, require: [certificate] } }',
        'registry: { file: devapps.yaml }',
        tracing,
      ].join('\n'),
    )
    writeFileSync(
      at('list.cjs'),
      "process.on('exit', () => console.log(JSON.stringify({ loaded: Object.keys(require.cache) })))",
    )
    const service = await startService({
      config: at('authz.yaml'),
      environment: { NODE_OPTIONS: `--require=${at('list.cjs')}` },
    })
    service.signal('SIGTERM')
    const { loaded } = await service.logged((line) => 'loaded' in line)
    await service.stop()
    return [...new Set((loaded as string[]).flatMap((file) => /@opentelemetry\/[a-z-]+/.exec(file) ?? []))]
  }

  it('loads nothing of OpenTelemetry but the interfaces that prom-client uses', async () => {
    expect(await loadedBy('')).to.deep.equal(['@opentelemetry/api'])
    expect(await loadedBy(ownSection ?? '')).to.include.members(['@opentelemetry/sdk-trace'])
  })
})
