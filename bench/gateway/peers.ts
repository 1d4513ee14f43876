/** What stands behind an Envoy: the service, and peers that always say yes. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MeasuredProcess } from './measured_process.ts'

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** An authorization service of one process or more. */
export interface Authorization {
  readonly sockets: readonly string[]
  /** Seconds of processor time so far, of all processes. */
  processorSeconds(): number
  /** Megabytes, of all processes. */
  residentMegabytes(): number
  stop(): Promise<void>
}

export interface PeerOptions {
  /** Where its sockets and files are; each has its own. */
  readonly folder: string
  readonly name: string
}

function joined(sockets: readonly string[], processes: readonly MeasuredProcess[]): Authorization {
  return {
    sockets,
    processorSeconds: () => processes.reduce((sum, each) => sum + each.processorSeconds(), 0),
    residentMegabytes: () => processes.reduce((sum, each) => sum + each.residentMegabytes(), 0),
    stop: async () => void (await Promise.all(processes.map((each) => each.stop()))),
  }
}

async function peer({ folder, name }: PeerOptions, command: string, args: readonly string[]): Promise<Authorization> {
  const socket = join(folder, `${name}.sock`)
  const peer = new MeasuredProcess({ command, args: [...args, socket], output: join(folder, `${name}.log`) })
  await peer.created(socket)
  return joined([socket], [peer])
}

/** The do-nothing service in Go; `binary` is what `go build` made of it. */
export const startGo = (options: PeerOptions, binary: string): Promise<Authorization> => peer(options, binary, [])

/** The do-nothing service on grpc-js. */
export const startGrpcJs = (options: PeerOptions, node: string): Promise<Authorization> =>
  peer(options, node, [pathOf('../peers/do_nothing_grpc_js.mjs')])

export interface ServiceOptions extends PeerOptions {
  readonly node: string
  readonly registry: string
  readonly processes: number
  /** More of the configuration, as YAML. */
  readonly more?: string
}

export interface Service extends Authorization {
  /** From the start of the processes to the last one that serves, in milliseconds. */
  readonly startedWithinMs: number
  /** Waits until that many answers are remembered in each process. */
  remembers(answers: number): Promise<void>
  /** The lines of decisions in the log so far, which begins anew. */
  takeDecisions(): Promise<number>
}

/** The end of its line. */
const decision = Buffer.from('"msg":"decision"}\n')
const main = pathOf('../../dist/main.js')

/** The built service: every process with a configuration, a socket and a log of its own, and metrics on. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const startedMs = performance.now()
  const members = Array.from({ length: options.processes }, (_, i) => new Member(options, i))
  await Promise.all(members.map(({ process }) => process.printed('"serving"')))
  const startedWithinMs = performance.now() - startedMs
  return {
    ...joined(
      members.map(({ socket }) => socket),
      members.map(({ process }) => process),
    ),
    startedWithinMs,
    remembers: async (answers) => void (await Promise.all(members.map((member) => member.remembers(answers)))),
    takeDecisions: async () => members.reduce((sum, member) => sum + member.takeDecisions(), 0),
  }
}

class Member {
  readonly process: MeasuredProcess
  readonly socket: string
  readonly #log: string

  constructor({ folder, name, node, registry, more = '' }: ServiceOptions, index: number) {
    const at = (what: string): string => join(folder, `${name}-${index}.${what}`)
    this.socket = at('sock')
    this.#log = at('log')
    writeFileSync(
      at('yaml'),
      `listen: unix:${this.socket}
admin: unix:${at('admin')}
metrics: { listen: '127.0.0.1:0' }
hostnames: { mtls: [api.example.com], tls: [api2.example.com] }
policies:
  data: { channel: mtls, require: [certificate], product: accounts }
  merchant: { channel: tls, require: [basic] }
log: { buffered: true, audit: ${JSON.stringify(at('audit'))} }
registry: { file: ${JSON.stringify(registry)} }
ocsp:
  allow_private_addresses: true
  # The responder is on this machine: one that has too much to do is asked again soon.
  refresh: { rate: 500, retry: 200ms, max_retry: 1s }
  breaker: { failures: 1000, open: 100ms, max_open: 1s }
  cache: { memory: { max_entries: 200000 }, failure_max_age: 0s }
${more}
`,
    )
    this.process = new MeasuredProcess({
      command: node,
      args: [main, 'serve', '--config', at('yaml')],
      output: this.#log,
    })
  }

  async remembers(answers: number): Promise<void> {
    const { metrics } = this.#lines().find(({ msg }) => msg === 'serving') as { metrics: string }
    await this.process.until(async () => {
      await pause(200)
      // On a busy machine an idle connection may be closed just as it is used again: then it is asked once more.
      const text = await fetch(`http://${metrics}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      )
      return Number(/^devapp_authz_ocsp_remembered_answers(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1]) >= answers
    })
  }

  takeDecisions(): number {
    const log = readFileSync(this.#log)
    truncateSync(this.#log)
    let decisions = 0
    for (let at = log.indexOf(decision); at >= 0; at = log.indexOf(decision, at + decision.length)) decisions++
    return decisions
  }

  #lines(): { readonly msg?: string }[] {
    return readFileSync(this.#log, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as { readonly msg?: string })
  }
}
