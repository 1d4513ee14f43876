/**
 * npm run bench: the full service behind the real Envoy, beside peers that do nothing, in turns. Writes docs/performance.md and its
 * plot. Exits with 1 where a bound is missed.
 *
 *   npm run bench -- [--rounds NUMBER] [--seconds NUMBER] [--quick] [--no-docs]
 *   npm run bench -- --soak [--minutes NUMBER]
 */
import { existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createServerCertificates } from '../demo/server_certificates.ts'
import { findEnvoy } from '../test/support/envoy.ts'
import { temporaryFolder } from '../test/support/temporary_folder.ts'
import { type Gate, openGate } from './gateway/gate.ts'
import { loadOfMany } from './gateway/many_clients.ts'
import { startNginx } from './gateway/nginx.ts'
import { type Client, type Load, load, type Measured } from './gateway/oha.ts'
import { document, drawPlot, figureTable, ratioTable } from './gateway/page.ts'
import { type Authorization, type Service, startGo, startGrpcJs, startService } from './gateway/peers.ts'
import { Results } from './gateway/results.ts'
import { ThirdParties } from './gateway/third_parties.ts'
import { buildGo, findNginx, findNode, findOha, versionOf } from './gateway/tools.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
    'no-docs': { type: 'boolean', default: false },
  },
})
const { quick } = values
const rounds = Number(values.rounds ?? (quick ? 3 : 5))
const seconds = Number(values.seconds ?? (quick ? 2 : 5))
const warmUpSeconds = quick ? 3 : 8
const devApps = 10_000
const manyDevApps = quick ? 0 : 100_000
const manyClients = 5_000
/** Whose certificate calls where there is one. */
const caller = 4_711

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const folder = temporaryFolder('bench-gateway')
const at = (name: string): string => join(folder.path, name)
const began = performance.now()

const tools = {
  envoy: await findEnvoy(say),
  oha: findOha(say),
  node: findNode(say),
  go: buildGo('peers/do_nothing_go', say),
  manyClients: quick ? '' : buildGo('many_clients', say),
  nginx: findNginx(say),
}
if (tools.nginx === undefined)
  say('nginx is not here and cannot be installed: new connections are compared with nothing.')

say('Making the third parties ...')
const parties = await ThirdParties.create()
const serverCertificates = createServerCertificates(new Date())
const client: Client = {
  ...{ binary: tools.oha, certificate: at('caller.pem'), key: at('caller.key'), authority: at('servers.pem') },
}
writeFileSync(client.certificate, parties.leafPem(caller))
writeFileSync(client.key, parties.keyPem, { mode: 0o600 })
writeFileSync(client.authority, serverCertificates.authorityPem)
/** Made once for each size. */
const registryOf = async (size: number): Promise<string> => {
  const path = at(`devapps-${size}.yaml`)
  if (!existsSync(path)) await parties.writeRegistry(path, size)
  return path
}

interface Setup {
  readonly authorization: Authorization
  readonly gate: Gate
}
const running: { stop(): Promise<void> }[] = [parties]

async function behindEnvoy<Kind extends Authorization>(
  starting: Promise<Kind>,
  workers: number,
): Promise<{ readonly authorization: Kind; readonly gate: Gate }> {
  const authorization = await starting
  const { sockets } = authorization
  const gate = await openGate({
    ...{ binary: tools.envoy, serverCertificates, truststorePem: parties.truststorePem, sockets, workers },
  })
  running.unshift(gate, authorization)
  return { authorization, gate }
}

/** The service with so many DevApps, once every answer is remembered. */
async function service(name: string, processes: number, size = devApps): Promise<Service> {
  const started = await startService({
    folder: folder.path,
    name,
    node: tools.node,
    registry: await registryOf(size),
    processes,
  })
  say(`Waiting until ${name} remembers ${size} answers in ${processes} ...`)
  await started.remembers(size)
  return started
}

const results = new Results()

/** Asks, and adds what was measured; what service and Envoy took of the processor belongs to it. */
async function measure(name: string, { authorization, gate }: Setup, ask: () => Promise<Measured>): Promise<Measured> {
  const before = [authorization.processorSeconds(), gate.processorSeconds()] as const
  const measured = await ask()
  const micros = (seconds: number): number => (seconds / measured.requests) * 1e6
  results.add(name, {
    ...measured,
    service: micros(authorization.processorSeconds() - before[0]),
    envoy: micros(gate.processorSeconds() - before[1]),
  })
  say(`  ${name}: ${measured.perSecond.toFixed(0)} a second, p99 ${measured.p99.toFixed(2)} ms`)
  return measured
}

const asking =
  ({ gate }: Setup, more: Partial<Load> = {}): (() => Promise<Measured>) =>
  () =>
    load(client, { port: gate.port, seconds, ...more })

/** How many requests a service has had, which its log has to know of. */
const asked = new Map<Service, number>()
function counted(service: Service, { requests }: Measured): void {
  asked.set(service, (asked.get(service) ?? 0) + requests)
}

async function verifyLogs(): Promise<void> {
  // No line waits longer.
  await pause(1_500)
  for (const [service, requests] of asked) {
    const lines = await service.takeDecisions()
    if (lines !== requests) throw new Error(`${requests} requests, and ${lines} decisions in the log`)
  }
  asked.clear()
}

async function compare(): Promise<void> {
  say('Starting the peers ...')
  const go1 = await behindEnvoy(startGo({ folder: folder.path, name: 'go1' }, tools.go), 1)
  const js1 = await behindEnvoy(startGrpcJs({ folder: folder.path, name: 'js1' }, tools.node), 1)
  const one = await behindEnvoy(service('one', 1), 1)
  const go2 = await behindEnvoy(startGo({ folder: folder.path, name: 'go2' }, tools.go), 2)
  const two = await behindEnvoy(service('two', 2), 2)
  const few = manyDevApps > 0 ? await behindEnvoy(service('few', 1, 100), 1) : undefined
  const many = manyDevApps > 0 ? await behindEnvoy(service('many', 1, manyDevApps), 1) : undefined
  const nginx =
    tools.nginx &&
    (await startNginx({
      ...{ binary: tools.nginx, folder: folder.path, serverCertificate: serverCertificates.mtls, workers: 2 },
      truststorePem: parties.truststorePem,
    }))
  if (nginx) running.unshift(nginx)
  writeFileSync(at('few.pem'), parties.leafPem(42))
  writeFileSync(at('many.pem'), Array.from({ length: manyClients }, (_, i) => parties.leafPem(i)).join(''))

  const full = async (name: string, setup: typeof one, ask: () => Promise<Measured>): Promise<void> =>
    counted(setup.authorization, await measure(name, setup, ask))
  const basic = { oneWay: true, path: '/v1/merchant' }
  const withBasic = (index: number): Partial<Load> => ({
    ...basic,
    headers: { authorization: parties.basic(index, devApps) },
  })
  const byFew = { certificate: at('few.pem') }
  const ofMany = (certificates: string) => () =>
    loadOfMany({
      ...{ binary: tools.manyClients, port: one.gate.port, connections: manyClients, seconds, certificates },
      ...{ key: client.key, authority: client.authority },
    })

  say('Warming up ...')
  for (const setup of [go1, js1, go2]) await asking(setup, { seconds: warmUpSeconds })()
  for (const setup of [one, two]) counted(setup.authorization, await asking(setup, { seconds: warmUpSeconds })())
  for (const [setup, index] of [
    [two, 1],
    [two, devApps - 1],
  ] as const)
    counted(setup.authorization, await asking(setup, { seconds: 2, ...withBasic(index) })())
  for (const setup of [few, many]) {
    if (setup === undefined) continue
    counted(setup.authorization, await load({ ...client, ...byFew }, { port: setup.gate.port, seconds: warmUpSeconds }))
  }
  if (nginx) await load(client, { port: nginx.port, seconds: 2, reconnect: true })
  await verifyLogs()

  for (let round = 1; round <= rounds; round++) {
    say(`Round ${round} of ${rounds}`)
    await measure(names.go1, go1, asking(go1))
    await full(names.one, one, asking(one))
    await measure(names.js1, js1, asking(js1))
    await measure(names.go2, go2, asking(go2))
    await full(names.two, two, asking(two))
    await measure(names.goSteady, go2, asking(go2, { rate: 1_000 }))
    await full(names.steady, two, asking(two, { rate: 1_000 }))
    await full(names.basic, two, asking(two, withBasic(1)))
    await full(names.chosen, two, asking(two, withBasic(devApps - 1)))
    await full(names.connecting, two, asking(two, { reconnect: true }))
    if (nginx) {
      const measured = await load(client, { port: nginx.port, seconds, reconnect: true })
      results.add(names.nginx, measured)
      say(`  ${names.nginx}: ${measured.perSecond.toFixed(0)} a second`)
    }
    for (const [name, setup] of [
      [names.few, few],
      [names.many, many],
    ] as const) {
      if (setup === undefined) continue
      const ask = () => load({ ...client, ...byFew }, { port: setup.gate.port, seconds })
      counted(setup.authorization, await measure(name, setup, ask))
    }
    if (!quick) {
      // Each connection once, and then what is counted: the log knows of both.
      for (const [name, certificates] of [
        [names.same, client.certificate],
        [names.distinct, at('many.pem')],
      ] as const) {
        const measured = await measure(name, one, ofMany(certificates))
        counted(one.authorization, { ...measured, requests: measured.requests + manyClients })
      }
    }
    await verifyLogs()
  }
}

const names = {
  go1: 'Go, does nothing',
  one: 'The service, 1 process',
  js1: 'grpc-js, does nothing',
  go2: 'Go, 2 Envoy workers',
  two: 'The service, 2 processes and workers',
  goSteady: 'Go, 1,000 requests a second',
  steady: 'The service, 1,000 requests a second',
  basic: 'The service, Basic',
  chosen: 'The service, Basic, argon2 secret',
  connecting: 'The service, a connection a request',
  nginx: 'nginx ssl_ocsp, a connection a request',
  few: 'The service, 100 DevApps and answers',
  many: 'The service, 100,000 DevApps and answers',
  same: 'The service, 5,000 connections, 1 certificate',
  distinct: 'The service, 5,000 connections and certificates',
} as const

async function coldStarts(): Promise<void> {
  const starts: number[] = []
  for (let round = 0; round < (quick ? 3 : 5); round++) {
    const name = `cold-${round}`
    const started = await startService({
      folder: folder.path,
      name,
      node: tools.node,
      registry: await registryOf(devApps),
      processes: 1,
    })
    starts.push(started.startedWithinMs)
    await started.stop()
  }
  results.row(`Start to ready, ${devApps} DevApps in a file`, starts, 'ms', { atMost: 1_000 })
}

function conclude(): void {
  const throughput = (what: string, pair: readonly [string, string], atLeast: number): void =>
    results.ratio(`Throughput, ${what}`, 'perSecond', pair, { atLeast })
  throughput('2 processes and Envoy workers, of Go', [names.two, names.go2], 1.1)
  throughput('1 process and Envoy worker, of Go', [names.one, names.go1], 0.9)
  throughput('1 process, of grpc-js', [names.one, names.js1], 1.3)
  results.ratio('p99, 32 connections, of Go', 'p99', [names.two, names.go2], { atMost: 1.5 })
  results.ratio('p99, 1,000 requests a second (open loop), of Go', 'p99', [names.steady, names.goSteady], {
    atMost: 1.2,
  })
  throughput('Basic, of certificates', [names.basic, names.two], 1)
  throughput('Basic with an argon2 secret, of a machine-made one', [names.chosen, names.basic], 1)
  throughput('new connections, of nginx ssl_ocsp', [names.connecting, names.nginx], 1)
  throughput('100,000 DevApps and answers, of 100', [names.many, names.few], 0.95)
  throughput('5,000 certificates, of one', [names.distinct, names.same], 0.9)
}

const mb = (value: number): string => `${value.toFixed(1)} MB`

/** The slope of a line through the points, by least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const along = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return along / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}

/** Whether memory stays as it is, under load; the first minute is for what is remembered at first. */
async function soak(minutes: number): Promise<void> {
  const setup = await behindEnvoy(service('soak', 1), 1)
  await asking(setup, { seconds: 60 })()
  const points: [number, number][] = []
  const endMs = performance.now() + minutes * 60_000
  while (performance.now() < endMs) {
    await asking(setup, { seconds: 15 })()
    await setup.authorization.takeDecisions()
    points.push([performance.now() / 60_000, setup.authorization.residentMegabytes()])
    say(`  ${mb(points.at(-1)![1])}`)
  }
  results.row(`Memory under load, ${minutes} minutes`, [slope(points)], 'MB a minute', { atMost: 1 })
}

function machine(): string {
  const versions = [
    `Envoy ${versionOf(tools.envoy, '--version')}`,
    `Node.js ${versionOf(tools.node, '--version')}`,
    `Go ${versionOf('go', 'version')}`,
    `oha ${versionOf(tools.oha, '--version')}`,
    ...(tools.nginx === undefined ? [] : [`nginx ${versionOf(tools.nginx, '-v')}`]),
  ]
  return `${cpus().length} cores of ${cpus()[0]?.model.trim()}. ${versions.join(', ')}.`
}

try {
  if (values.soak) await soak(Number(values.minutes))
  else {
    await coldStarts()
    await compare()
    conclude()
  }
} finally {
  for (const each of running) await each.stop()
  folder.remove()
}
const minutes = ((performance.now() - began) / 60_000).toFixed(0)
const about = values.soak
  ? machine()
  : `${machine()} Median of ${rounds} rounds of ${seconds} s, and the least and the most.`
say(`\n${about}\n\n${ratioTable(results)}\n\n${values.soak ? '' : figureTable(results)}\n\n${minutes} minutes`)
if (!values['no-docs'] && !quick) {
  if (values.soak) document('soak', `${about}\n\n${ratioTable(results)}`)
  else {
    const plot = '![Throughput and p99](performance.svg)'
    document('gateway', [about, ratioTable(results), figureTable(results), plot].join('\n\n'))
    drawPlot(results, [names.go1, names.js1, names.one, names.go2, names.two])
  }
}
process.exitCode = results.rows.every(({ holds }) => holds) ? 0 : 1
