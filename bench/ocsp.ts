/**
 * npm run bench:ocsp: what the refresher promises, measured with a real Redis, a responder over HTTP and a process for each
 * member of the fleet. Starts and stops all of them itself. Exits with 1 where a bound is missed.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { certificateFromDer } from '../src/pki/certificate.ts'
import { verifyOcspResponse } from '../src/pki/ocsp_verification.ts'
import { ocspResponse } from '../test/support/ocsp.ts'
import { Authority, type IssuedCertificate, type KeyKind } from '../test/support/pki.ts'
import { findRedis, type RunningRedis, startRedis } from '../test/support/redis.ts'
import { temporaryFolder } from '../test/support/temporary_folder.ts'
import { TestResponder } from '../test/support/test_responder.ts'
import { Fleet, sumOf } from './ocsp_fleet.ts'
import type { FleetSettings } from './ocsp_process.ts'
import { BenchResponder } from './ocsp_responder.ts'

const processes = 8
const certificates = 1_000
const cycles = 5
/** Inquiries a second of the whole fleet. */
const rate = 250
const validityMs = 20_000
/** Refreshed at half of the validity, up to a tenth earlier, and an answer is up to a second old when it is made. */
const shortestCycleMs = 0.5 * 0.9 * validityMs - 1_000

interface Row {
  readonly what: string
  readonly measured: string
  /** `undefined` where it is only shown: an absolute time says as much of the machine. */
  readonly bound: string | undefined
  readonly holds: boolean
}
const rows: Row[] = []
const row = (what: string, measured: string, bound?: string, holds = true): void => {
  rows.push({ what, measured, bound, holds })
  say(`${what}: ${measured}`)
}
const say = (text: string): void => void process.stdout.write(`${text}\n`)

interface Stage {
  readonly redis: RunningRedis
  readonly folder: string
  readonly http: TestResponder
  readonly authority: Authority
  readonly issued: readonly IssuedCertificate[]
}

async function setUp(): Promise<Stage> {
  const redis = await startRedis(await findRedis(say))
  const folder = temporaryFolder('bench-ocsp')
  process.on('exit', () => folder.remove())
  const http = await TestResponder.start()
  const now = new Date()
  const authority = Authority.root({ now }).issueAuthority({ now })
  say(`Making ${certificates + 1} certificates ...`)
  const issued = Array.from({ length: certificates + 1 }, () => authority.issue({ ocspUrls: [http.url], now }))
  return { redis, folder: folder.path, http, authority, issued }
}

function settingsFor({ redis, folder, authority }: Stage, issued: readonly IssuedCertificate[]): FleetSettings {
  const chainsFile = join(folder, `chains-${issued.length}.pem`)
  writeFileSync(chainsFile, issued.map(({ pem }) => `${pem.trim()}\n${authority.chainPem.trim()}`).join('\n\n'))
  return { redisUrl: redis.url, chainsFile, rate, timeoutMs: 1_000, retryMs: 200, maxRetryMs: 1_000 }
}

/** Resolves when `condition` holds; says what did not come true in time. */
async function until(what: string, withinMs: number, condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await pause(200)
  }
}

/** Requests of the first cycles after the first answer. What follows sooner than a cycle can be belongs to the same one. */
function requestsByCycle(instants: readonly number[]): number[] {
  const perCycle: number[] = []
  let startedMs = Number.NEGATIVE_INFINITY
  for (const at of instants) {
    if (at - startedMs >= shortestCycleMs / 2) {
      startedMs = at
      perCycle.push(0)
    }
    perCycle[perCycle.length - 1]!++
  }
  return perCycle
}

async function steadyState(fleet: Fleet, responder: BenchResponder): Promise<void> {
  const started = performance.now()
  await fleet.tell({ do: 'register' })
  await until('all answers are there', 60_000, async () =>
    (await fleet.tell({ do: 'report' })).every(({ ready }) => ready === certificates),
  )
  const startMs = performance.now() - started
  row(`${certificates} certificates known to ${processes} processes`, `${(startMs / 1_000).toFixed(1)} s`)
  // Where that took longer than a cycle, the first ones have been refreshed already.
  const first = [...responder.instants.values()].map((instants) => requestsByCycle(instants)[0] ?? 0)
  const atStart = first.reduce((sum, count) => sum + count, 0) / certificates
  row('  requests a certificate for that', atStart.toFixed(3), 'at most 1.05', atStart <= 1.05)
  const busiest = responder.busiestSecond(0)
  row('  requests in the busiest second', String(busiest), `at most ${rate} and 5 %`, busiest <= rate * 1.05)

  const before = await fleet.tell({ do: 'load', everyMs: 500 })
  await until(`${cycles} cycles`, (cycles + 3) * 0.5 * validityMs, () =>
    [...responder.instants.values()].every((instants) => requestsByCycle(instants).length > cycles + 1),
  )
  const after = await fleet.tell({ do: 'report' })
  const counted = [...responder.instants.values()].map((each) => requestsByCycle(each).slice(1, cycles + 1))
  const mean = counted.flat().reduce((sum, count) => sum + count, 0) / counted.flat().length
  row(`Requests a certificate a cycle, over ${cycles}`, mean.toFixed(4), 'at most 1.05', mean <= 1.05)
  const waits = sumOf(after, ({ statistics }) => statistics.waits) - sumOf(before, ({ statistics }) => statistics.waits)
  row('  requests that waited for a responder', String(waits), '0', waits === 0)
  const asked = sumOf(after, ({ statuses }) => statuses['good'] ?? 0)
  row('  requests that were answered good', String(asked))
  const bad = sumOf(after, ({ statuses }) => Object.values(statuses).reduce((a, b) => a + b, 0)) - asked
  row('  answered otherwise', String(bad), '0', bad === 0)
}

/** Ten minutes of an hour and a half, a minute as a second. */
async function outage(fleet: Fleet, responder: BenchResponder): Promise<void> {
  const longMs = 45_000
  responder.validityMs = longMs
  const startedMs = performance.now()
  await until('all have the longer answers', 30_000, () =>
    [...responder.instants.values()].every((instants) => instants.at(-1)! > startedMs),
  )
  const askedMs = performance.now()
  // Refreshes of what was asked last begin after half of the validity and a tenth less.
  await pause(Math.max(0, startedMs + 0.5 * 0.9 * longMs - 2_000 - askedMs))
  const before = await fleet.tell({ do: 'report' })
  responder.forget()
  responder.down = true
  await pause(10_000)
  const attempts = responder.requests
  const backMs = performance.now()
  responder.forget()
  responder.down = false
  await until('all are refreshed', 30_000, () => responder.instants.size === certificates)
  const refreshedMs = performance.now() - backMs
  await pause(1_000)
  const after = await fleet.tell({ do: 'report' })
  const good = (reports: typeof before) => sumOf(reports, ({ statuses }) => statuses['good'] ?? 0)
  const all = (reports: typeof before) =>
    sumOf(reports, ({ statuses }) => Object.values(statuses).reduce((a, b) => a + b, 0))
  const wrong = all(after) - all(before) - (good(after) - good(before))
  const waits = sumOf(after, ({ statistics }) => statistics.waits) - sumOf(before, ({ statistics }) => statistics.waits)
  row('Responder down for 10 s of 45 s: wrong answers', String(wrong), '0', wrong === 0)
  row('  requests that waited', String(waits), '0', waits === 0)
  row('  attempts meanwhile', String(attempts))
  row('  all refreshed after it is back', `${(refreshedMs / 1_000).toFixed(1)} s`)
  const busiest = responder.busiestSecond(backMs)
  row('  requests in the busiest second then', String(busiest), `at most ${rate} and 5 %`, busiest <= rate * 1.05)
}

async function coldBurst(stage: Stage): Promise<void> {
  const [, ...rest] = stage.issued
  const cold = rest.at(-1)!
  const responder = BenchResponder.over(stage.http, stage.authority, [cold], 3_600_000)
  responder.delayMs = 50
  const fleet = await Fleet.start(4, settingsFor(stage, [cold]))
  // The connections to Redis come up in the background.
  await pause(500)
  const reports = await fleet.tell({ do: 'burst', count: 50 })
  const good = sumOf(reports, ({ statuses }) => statuses['good'] ?? 0)
  row(
    '200 requests at once for a cold certificate, 4 processes',
    `${responder.requests} to the responder`,
    '1',
    responder.requests === 1,
  )
  row('  answered good', String(good), '200', good === 200)
  await fleet.stop()
}

function verification(): void {
  for (const keyKind of ['p256', 'rsa2048'] as const satisfies KeyKind[]) {
    const now = new Date()
    const authority = Authority.root({ now, keyKind })
    const issued = authority.issue({ now })
    const thisUpdate = new Date(Math.floor(now.getTime() / 1_000) * 1_000)
    const nextUpdate = new Date(thisUpdate.getTime() + 3_600_000)
    const der = ocspResponse({ authority, certificate: issued, thisUpdate, nextUpdate })
    const subject = {
      certificate: certificateFromDer(issued.der),
      issuer: certificateFromDer(authority.certificate.der),
    }
    const verify = () => verifyOcspResponse(der, { subject, at: now, skewMs: 0, maxAgeMs: 0, allowSha1: false }).status
    const rounds = 2_000
    for (let i = 0; i < rounds; i++) verify()
    const started = performance.now()
    for (let i = 0; i < rounds; i++) if (verify() !== 'good') throw new Error('it did not verify')
    row(`Verifying a response, ${keyKind}`, `${((performance.now() - started) / rounds).toFixed(3)} ms`)
  }
}

function table(): string {
  const cells = rows.map(({ what, measured, bound, holds }) => [what, measured, bound ?? '', holds ? '' : 'MISSED'])
  const all = [['', 'MEASURED', 'BOUND', ''], ...cells]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((cell) => cell[column]!.length)))
  return all
    .map((cell) =>
      cell
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const stage = await setUp()
try {
  verification()
  const watched = stage.issued.slice(0, certificates)
  const responder = BenchResponder.over(stage.http, stage.authority, watched, validityMs)
  const fleet = await Fleet.start(processes, settingsFor(stage, watched))
  await pause(500)
  await steadyState(fleet, responder)
  await outage(fleet, responder)
  await fleet.tell({ do: 'rest' })
  const [first] = await fleet.tell({ do: 'measure', rounds: 20_000 })
  row('A memory hit', `${first?.memoryHitMicroseconds?.toFixed(2)} µs`)
  await fleet.stop()
  await coldBurst(stage)
} finally {
  await stage.http.stop()
  await stage.redis.stop()
}
say(`\n${table()}`)
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1
