/**
 * npm run bench:registry: what a service with a hundred thousand DevApps promises, measured on the built program. Makes the registry
 * once, under .bench/. Writes what it measured into docs/performance.md. Exits with 1 where a bound is missed.
 *
 *   npm run bench:registry -- [--devapps NUMBER] [--store file|postgres] [--no-docs]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { RegistrySnapshot } from '../src/registry/registry.ts'
import type { DevAppStore } from '../src/registry/store.ts'
import { temporaryFolder } from '../test/support/temporary_folder.ts'
import type { BenchRegistry } from './bench_registry.ts'
import { openFile, pathOfFile } from './registry_file.ts'
import { openPostgres } from './registry_postgres.ts'
import { BenchService } from './registry_service.ts'

interface Row {
  readonly what: string
  readonly measured: string
  readonly bound: string
  readonly holds: boolean
}

const { values } = parseArgs({
  options: {
    devapps: { type: 'string', default: '100000' },
    store: { type: 'string' },
    'no-docs': { type: 'boolean', default: false },
  },
})
const devApps = Number(values.devapps)
/** Long enough for what is put off at the start, and for the memory that it took to be given back. */
const steadyAfterMs = 90_000
const changes = 5
const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function measure(registry: BenchRegistry): Promise<Row[]> {
  const rows: Row[] = []
  const row = (what: string, measured: number, unit: string, bound?: number): void => {
    const digits = measured < 10 ? 2 : 0
    const holds = bound === undefined || measured < bound
    rows.push({ what, measured: `${measured.toFixed(digits)} ${unit}`, bound: bound ? `${bound} ${unit}` : '', holds })
    say(`${what}: ${rows.at(-1)?.measured}`)
  }
  const folder = temporaryFolder('bench-registry')
  const config = join(folder.path, 'authz.yaml')
  writeFileSync(config, configurationOf(registry, folder.path))
  const service = new BenchService(config)
  try {
    // It also serves, and is not ready, where the registry could not be read at first.
    const readyMs = Math.max(await service.logged('serving'), await service.logged('registry loaded'))
    row('Ready after', (readyMs - service.startedMs) / 1_000, 's', 5)
    row('  processor time for that', service.processorSeconds(), 's')
    await pause(steadyAfterMs)
    row('Resident', service.memory().resident, 'MB', 400)
    const applied: number[] = []
    const blocks: number[] = []
    for (let i = 0; i < changes; i++) {
      service.beginWatching()
      await renamed(registry.store, i)
      const storedMs = performance.now()
      applied.push((await service.logged('registry loaded', storedMs - 500)) - storedMs)
      blocks.push(await service.longestBlockMs())
    }
    row(`One change in force, the slowest of ${changes}`, Math.max(...applied), 'ms', 1_000)
    row('  the longest that nothing else happened meanwhile', Math.max(...blocks), 'ms')
    await pause(steadyAfterMs / 3)
    row('Resident after these changes', service.memory().resident, 'MB', 400)
    row('  at most so far', service.memory().most, 'MB')
  } finally {
    await service.stop()
    folder.remove()
  }
  row('Looking up a registered leaf', lookupMicroseconds(await registry.snapshot()), 'µs', 2)
  return rows
}

/** Revocation as by default: all are asked about, at the configured rate; nobody answers at the address that they name. */
function configurationOf({ configuration }: BenchRegistry, folder: string): string {
  return `listen: unix:${folder}/authz.sock
admin: 127.0.0.1:0
hostnames: { mtls: [api.example.com], tls: [api2.example.com] }
policies:
  accounts: { channel: mtls, require: [certificate], product: accounts }
registry: ${configuration}
ocsp: { allow_private_addresses: true }
`
}

/** Gives one DevApp another name, through the store. */
async function renamed(store: DevAppStore, round: number): Promise<void> {
  await store.change({
    id: `tpp-${String((round * 7_919) % devApps).padStart(6, '0')}`,
    ...{ action: 'enable', by: 'bench', detail: {} },
    edit: (current) => current && { ...current, name: `Renamed at ${new Date().toISOString()}` },
  })
}

function lookupMicroseconds(snapshot: RegistrySnapshot): number {
  const { certificates } = snapshot
  // No two after another that were registered so.
  const leaves = Array.from(
    { length: certificates.length },
    (_, i) => certificates[(i * 7_919) % certificates.length]!.leaf,
  )
  const run = (): number => {
    const began = performance.now()
    for (const leaf of leaves) if (snapshot.bindingOf(leaf).status !== 'registered') throw new Error('it is not found')
    return ((performance.now() - began) * 1_000) / leaves.length
  }
  run()
  return run()
}

const docs = fileURLToPath(new URL('../docs/performance.md', import.meta.url))

/** Writes the section that stands between the two marks of the store. */
function document(registry: BenchRegistry, rows: readonly Row[]): void {
  const text = readFileSync(docs, 'utf8')
  const mark = `registry: ${registry.title}`
  const table = [
    '| | Measured | Bound |',
    '|---|---|---|',
    ...rows.map(({ what, measured, bound }) => `| ${what.trimStart()} | ${measured} | ${bound} |`),
  ].join('\n')
  const machine = `${registry.size}. Node ${process.versions.node}, ${cpus().length} cores of ${cpus()[0]?.model.trim()}.`
  const section = new RegExp(`(<!-- ${mark} -->)[\\s\\S]*?(<!-- end -->)`)
  if (!section.test(text)) throw new Error(`docs/performance.md has no place for "${mark}"`)
  writeFileSync(
    docs,
    text.replace(section, (_, from, to) => `${from}\n${machine}\n\n${table}\n${to}`),
  )
}

const stores: Readonly<Record<string, () => Promise<BenchRegistry>>> = {
  file: () => openFile(devApps),
  postgres: async () => {
    await openFile(devApps)
    return openPostgres(pathOfFile(devApps))
  },
}
let holds = true
for (const [name, open] of Object.entries(stores)) {
  if (values.store !== undefined && values.store !== name) continue
  const registry = await open()
  say(`\n${registry.title}: ${registry.size}`)
  const rows = await measure(registry)
  for (const { what, measured, bound } of rows.filter((each) => !each.holds))
    say(`MISSED: ${what}: ${measured}, ${bound}`)
  holds &&= rows.every((each) => each.holds)
  if (!values['no-docs']) document(registry, rows)
  await registry.close()
}
process.exitCode = holds ? 0 : 1
