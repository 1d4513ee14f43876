import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { secretWatch } from '../support/secret_watch.ts'
import type { Outcome } from './callers.ts'
import { type Lab, until } from './lab.ts'

/** One fault: how it comes, how it is seen to be there, and how it goes. */
export interface Row {
  readonly fault: string
  readonly lab: LabKind
  /** Whether it is among those that run with all other tests. */
  readonly short?: true
  /** What good callers may be answered while it is there, besides 200. */
  readonly permitted?: readonly string[]
  readonly strike: (lab: Lab) => Promise<unknown> | unknown
  /** Whether it is there: awaited, with what the answer is in words. */
  readonly evidence: readonly [words: string, holds: (lab: Lab) => Promise<boolean> | boolean]
  readonly repair: (lab: Lab) => Promise<unknown> | unknown
  /** What else has to hold once it is gone, and no later than `recoversWithinMs`. */
  readonly afterwards?: readonly [words: string, holds: (lab: Lab) => Promise<boolean> | boolean]
  /** Default: ten seconds. */
  readonly recoversWithinMs?: number
}

export type LabKind = 'file' | 'postgres' | 'clock'

export interface Result {
  readonly fault: string
  /** Of bad callers. */
  readonly requests: number
  readonly wronglyAllowed: number
  readonly wronglyRefused: number
  readonly permittedRefusals: number
  readonly recoverySeconds: number
  readonly evidence: string
  readonly changes: string
  /** What went wrong, in sentences; none where all is as it should be. */
  readonly failures: readonly string[]
}

export const leastOfEachKind = 100
const answered = /^\d{3} |^200$|^handshake$/

/** Lets the fault come and go under load, and says what came of it. Rejects where it did not take hold, or nothing recovers. */
export async function runRow(lab: Lab, row: Row): Promise<Result> {
  const kinds = lab.parties.callers
  const { outcomes } = lab.load
  const good = new Set(kinds.filter(({ isGood }) => isGood).map(({ kind }) => kind))
  await until('all good callers pass before it', () => steady(lab, performance.now() - 500))
  const failures: string[] = []
  const from = outcomes.length
  const struckMs = performance.now()
  const change = await AcknowledgedChange.make(lab)

  const [words, isThere] = row.evidence
  try {
    await row.strike(lab)
    await until(`${row.fault}: ${words}`, () => isThere(lab))
    const thereMs = performance.now()
    await change.disable()
    await until(
      `${leastOfEachKind} requests of each bad caller`,
      () => {
        const since = outcomes.slice(from).filter(({ startedMs }) => startedMs >= thereMs)
        return kinds.every(({ kind, isGood }) => isGood || count(since, kind) >= leastOfEachKind)
      },
      60_000,
    )
    if (!(await isThere(lab))) failures.push(`it was gone before it was taken away: ${words}`)
  } finally {
    // Also where it did not take hold.
    await row.repair(lab)
  }
  const repairedMs = performance.now()
  const withinMs = row.recoversWithinMs ?? 10_000
  await until(
    `${row.fault}: all good callers pass after it`,
    () => steady(lab, performance.now() - 1_000),
    withinMs + 5_000,
  )
  if (row.afterwards !== undefined)
    await until(`${row.fault}: ${row.afterwards[0]}`, () => row.afterwards![1](lab), withinMs)
  // Those that Envoy never answered meanwhile.
  await until(
    `${leastOfEachKind} answers to each bad caller`,
    () => {
      const since = outcomes.slice(from).filter(({ result }) => answered.test(result))
      return kinds.every(({ kind, isGood }) => isGood || count(since, kind) >= leastOfEachKind)
    },
    60_000,
  )
  failures.push(...(await change.losses()))

  const during = outcomes.slice(from).filter(({ startedMs }) => startedMs >= struckMs - 1_000)
  const refused = during.filter(({ kind, result }) => good.has(kind) && result !== '200')
  const lastMs = Math.max(repairedMs, ...refused.map(({ endedMs }) => endedMs))
  const recoverySeconds = (lastMs - repairedMs) / 1_000
  if (recoverySeconds * 1_000 > withinMs) failures.push(`it took ${recoverySeconds} s to recover`)
  const wrong = refused.filter(({ result }) => row.permitted?.includes(result) !== true)
  if (wrong.length > 0) failures.push(`good callers were answered ${summary(wrong)}`)
  const allowed = during.filter(({ kind, result }) => !good.has(kind) && result === '200')
  const wronglyAllowed = Math.max(allowed.length, badArrivals(lab))
  if (wronglyAllowed > 0) failures.push(`bad callers were allowed ${wronglyAllowed} times: ${summary(allowed)}`)
  return {
    fault: row.fault,
    requests: during.length,
    ...{ wronglyAllowed, wronglyRefused: wrong.length, permittedRefusals: refused.length - wrong.length },
    ...{ recoverySeconds, evidence: words, changes: change.told, failures },
  }
}

/** How many requests of bad callers the upstream saw. */
export const badArrivals = (lab: Lab): number =>
  lab.parties.callers.filter(({ isGood }) => !isGood).reduce((sum, { kind }) => sum + (lab.arrived.get(kind) ?? 0), 0)

const count = (outcomes: readonly Outcome[], kind: string): number =>
  outcomes.reduce((sum, outcome) => sum + (outcome.kind === kind ? 1 : 0), 0)

const summary = (outcomes: readonly Outcome[]): string => {
  const counts = new Map<string, number>()
  for (const { kind, result } of outcomes) counts.set(`${kind} ${result}`, (counts.get(`${kind} ${result}`) ?? 0) + 1)
  return [...counts].map(([what, times]) => `${times} x ${what}`).join(', ')
}

/** Whether every good caller passed whenever it asked since then, and asked often enough. */
function steady(lab: Lab, sinceMs: number): boolean {
  const recent: Outcome[] = []
  for (let i = lab.load.outcomes.length - 1; i >= 0 && lab.load.outcomes[i]!.endedMs >= sinceMs; i--)
    recent.push(lab.load.outcomes[i]!)
  return lab.parties.callers
    .filter(({ isGood }) => isGood)
    .every(({ kind }) => {
      const own = recent.filter((outcome) => outcome.kind === kind)
      return own.length >= lab.options.rate / 5 && own.every(({ result }) => result === '200')
    })
}

let made = 0

/** A change of the registry that is acknowledged right before a fault, and one that is asked for while it is there. */
class AcknowledgedChange {
  readonly #lab: Lab
  readonly #id: string
  readonly #secret: string
  #isDisabled = false

  private constructor(lab: Lab, id: string, secret: string) {
    this.#lab = lab
    this.#id = id
    this.#secret = secret
  }

  static async make(lab: Lab): Promise<AcknowledgedChange> {
    const id = `made-${++made}-${randomBytes(3).toString('hex')}`
    const { code, output } = await lab.change(['create', id, '--name', id, '--client-key', `${id}-key`, '--json'])
    if (code !== 0) throw new Error(`before the fault: ${output}`)
    const { clientSecret: secret } = JSON.parse(output) as { clientSecret: string }
    secretWatch.add(secret)
    return new AcknowledgedChange(lab, id, secret)
  }

  /** Does not have to succeed. */
  async disable(): Promise<void> {
    const { code } = await this.#lab.change(['disable', this.#id])
    this.#isDisabled = code === 0
  }

  get told(): string {
    return this.#isDisabled ? 'acknowledged, and in force' : 'refused'
  }

  /** What was acknowledged and is not in force. */
  async losses(): Promise<readonly string[]> {
    const caller = this.#lab.parties.basic('change', `${this.#id}-key`, this.#secret)
    const expected = this.#isDisabled ? '403 devapp_disabled' : '200'
    let answer = ''
    for (let tries = 0; tries < 50; tries++) {
      answer = await this.#lab.load.once(caller).catch(String)
      if (answer === expected) return []
      await pause(100)
    }
    return [`an acknowledged change was lost: ${this.#id} is answered ${answer}, not ${expected}`]
  }
}
