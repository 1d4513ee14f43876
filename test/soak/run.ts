/**
 * npm run soak [-- --minutes N]: ten minutes of steady load on the real gateway, while answers are refreshed, the configuration is
 * taken over anew and DevApps come and go. Exits with 1 where memory, descriptors or timers grow, or where clients, metrics and
 * the decision log do not count the same.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Lab } from '../faults/lab.ts'
import { badArrivals } from '../faults/row.ts'
import { Meanwhile } from '../faults/rows/meanwhile.ts'
import { secretWatch } from '../support/secret_watch.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { countsInLog, countsInMetrics, countsOf, disagreements, unexpected } from './counts.ts'
import { flatnessOf, type Sample } from './flatness.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error('--minutes takes a number of minutes')
/** Of each of thirteen callers, in a second. */
const rate = 10
const sampleEveryMs = Math.max(1_000, (minutes * 60_000) / 120)
/** Answers are good for so long, and asked for again after half of it. */
const validityMs = 8_000
const MiB = 1_048_576

/** What must not grow, and by how much its line may rise over the second half: what a garbage collector leaves at one time or another. */
const watched = {
  'memory (RSS, MiB)': {
    metric: 'process_resident_memory_bytes',
    unit: MiB,
    bound: (mean: number) => Math.max(12, mean * 0.1),
  },
  'heap in use (MiB)': {
    metric: 'nodejs_heap_size_used_bytes',
    unit: MiB,
    bound: (mean: number) => Math.max(10, mean * 0.2),
  },
  'file descriptors': { metric: 'process_open_fds', unit: 1, bound: () => 4 },
} as const

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const valueIn = (metrics: string, name: string): number => {
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `))
  if (line === undefined) throw new Error(`there is no ${name} among the metrics`)
  return Number(line.split(' ')[1])
}

/** Timers, by the file that the process writes; sockets wait with one each. */
const timersBound = (mean: number): number => Math.max(10, mean * 0.25)
const timersIn = (pid: number): number => Number(readFileSync(join(timers.path, String(pid)), 'utf8'))

/** Of a process, from the kernel. */
const residentMiB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024
const now = (): number => performance.now() / 1_000

const timers = temporaryFolder('timers')
const preload = `--import=${new URL('./count_timers.mjs', import.meta.url).href}`
const lab = await Lab.start({
  ...{ registry: 'file', rate, sampleAllows: 1 },
  environment: { NODE_OPTIONS: preload, TIMERS_FOLDER: timers.path },
})
const samples = new Map<string, Sample[]>()
const failures: string[] = []
const keep = (what: string, value: number): void => {
  samples.set(what, [...(samples.get(what) ?? []), { seconds: now(), value }])
}
async function sample(): Promise<void> {
  for (const process of ['one', 'two'] as const) {
    const metrics = await lab.metrics(process)
    for (const [what, { metric, unit }] of Object.entries(watched))
      keep(`${what} of process ${process}`, valueIn(metrics, metric) / unit)
    keep(`timers of process ${process}`, timersIn(lab.services[process].pid))
  }
  keep('memory (RSS, MiB) of Envoy', residentMiB(lab.envoy.pid))
}

let registrations = 0
/** A DevApp that comes, is disabled, and goes. */
async function register(): Promise<void> {
  const id = `soak-${++registrations}`
  for (const words of [
    ['create', id, '--name', id],
    ['disable', id],
    ['delete', id, '--yes'],
  ]) {
    const { code, output } = await lab.change(words)
    if (code !== 0) failures.push(`devapp ${words.join(' ')}: ${output}`)
  }
}
let reloads = 0
async function reload(): Promise<void> {
  reloads += 1
  for (const name of ['one', 'two'] as const)
    writeFileSync(lab.at(`${name}/authz.yaml`), `${lab.configuration(name)}deadline: ${1_400 + (reloads % 2) * 50}ms\n`)
}

lab.parties.validityMs = validityMs
// What was answered before has hours to go.
await lab.purge()
await pause(1_000)
const [registering, reloading] = [new Meanwhile(), new Meanwhile()]
registering.begin(2_000, register)
reloading.begin(3_000, reload)
const endMs = performance.now() + minutes * 60_000
while (performance.now() < endMs) {
  await sample()
  await pause(sampleEveryMs)
}
await registering.end()
await reloading.end()
await lab.load.stop()
await pause(1_500)

const refreshes = await lab.metric('ocsp_refreshes_total', { result: 'answered' })
const adopted = await lab.metric('ocsp_refreshes_total', { result: 'adopted' })
const loads = await lab.metric('registry_loads_total', { result: 'loaded' })
const taken = await lab.metric('config_reloads_total', { result: 'loaded' })
const outcomes = lab.load.outcomes
const sent = countsOf(outcomes)
const metrics = await countsInMetrics(lab)
const logged = countsInLog(lab)
const bad = badArrivals(lab)
const fewest = minutes * 2
for (const [what, times] of Object.entries({ refreshes, 'registry loads': loads, 'configurations taken over': taken }))
  if (times < fewest) failures.push(`only ${times} ${what} in ${minutes} minutes`)
if (bad > 0) failures.push(`${bad} requests of bad callers reached the upstream`)
failures.push(...unexpected(outcomes).map((what) => `answered: ${what}`))
failures.push(...disagreements(sent, metrics).map((what) => `sent and in the metrics, ${what}`))
failures.push(...disagreements(metrics, logged).map((what) => `in the metrics and in the log, ${what}`))
await lab.stop()
for (const leak of secretWatch.leaks()) failures.push(`a secret was printed: ${leak}`)

say(
  `\n${outcomes.length} requests in ${minutes} minutes; ${refreshes} answers asked for and ${adopted} adopted, ${registrations * 3} changes of the registry, ${taken} configurations taken over`,
)
say(
  'decisions: '.concat(
    [...sent]
      .sort()
      .map(([code, count]) => `${code} ${count}`)
      .join(', '),
  ),
)
say('\nover the second half, by a straight line:')
for (const [what, readings] of samples) {
  const { mean, gain } = flatnessOf(readings)
  const named = Object.entries(watched).find(([name]) => what.startsWith(name))?.[1].bound
  const bound = (named ?? (what.startsWith('timers') ? timersBound : watched['memory (RSS, MiB)'].bound))(mean)
  const holds = gain <= bound
  say(
    `  ${what.padEnd(38)} mean ${mean.toFixed(1).padStart(7)}   gained ${gain.toFixed(1).padStart(6)}   at most ${bound.toFixed(1)}${holds ? '' : '   MISSED'}`,
  )
  if (!holds) failures.push(`${what} grows`)
}
for (const failure of failures) say(`FAILED ${failure}`)
process.exit(failures.length === 0 ? 0 : 1)
