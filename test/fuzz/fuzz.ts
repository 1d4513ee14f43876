import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { type Recipe, recipes } from './mutators/edit.ts'
import { broken, type Target } from './target.ts'

export interface Budget {
  readonly seed: number
  /** Until then, and at most so many. */
  readonly ms: number
  readonly inputs?: number
  /** How many processes of somebody else's may be started. */
  readonly secondOpinions: number
}

export interface Result {
  readonly target: string
  readonly inputs: number
  /** How often each word was said of an input. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly secondOpinions: number
  /** What the slowest takes, asked anew, beside what the seeds take in the median; of processor time. */
  readonly slowest: { readonly ms: number; readonly seedMs: number }
  readonly finding: Finding | undefined
}

export interface Finding {
  readonly recipe: Recipe
  readonly error: unknown
}

/** Beyond both of these an input is too slow. */
const slowestTimes = 400
const slowestMs = 100
const batch = 2_000
/** Examines mutants until the budget is used up, or a promise is broken: then by the fewest changes that break it. */
export async function fuzz(target: Target, budget: Budget): Promise<Result> {
  const { stackTraceLimit } = Error
  // Mocha keeps whole stacks: to write that of an overflow takes seconds, which the service does not spend.
  Error.stackTraceLimit = 10
  try {
    return await examined(target, budget)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

async function examined(target: Target, { seed, ms, inputs: most, secondOpinions }: Budget): Promise<Result> {
  const until = performance.now() + ms
  const outcomes: Record<string, number> = {}
  const asked = new Set<string>(target.seeds.map(digest))
  let inputs = 0
  let opinions = 0
  let slowest: { ms: number; recipe: Recipe | undefined } = { ms: 0, recipe: undefined }
  const examine = async (recipe: Recipe): Promise<void> => {
    const input = target.mutant(recipe)
    const startedAt = processorMs()
    const said = target.examine(input)
    const outcome = said instanceof Promise ? await said : said
    const took = processorMs() - startedAt
    inputs++
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    if (took > slowest.ms) slowest = { ms: took, recipe }
    if (outcome !== 'good' || target.secondOpinion === undefined || opinions >= secondOpinions) return
    if (asked.has(digest(input))) return
    asked.add(digest(input))
    opinions++
    target.secondOpinion(input)
  }

  let finding: Finding | undefined
  const left = (): number => (most ?? Number.POSITIVE_INFINITY) - inputs
  for (let round = 0; finding === undefined && performance.now() < until && left() > 0; round++) {
    const { counterexample, errorInstance: error } = await fc.check(fc.asyncProperty(recipes, examine), {
      ...{ seed: seed + round, numRuns: Math.min(batch, left()), interruptAfterTimeLimit: until - performance.now() },
    })
    if (counterexample !== null) finding = { recipe: counterexample[0], error }
  }
  const seedMs = median(await Promise.all(target.seeds.map((each) => quickest(target, each))))
  const took = slowest.recipe === undefined ? 0 : await quickest(target, target.mutant(slowest.recipe)).catch(() => 0)
  if (slowest.recipe !== undefined && took > slowestMs && took > slowestTimes * seedMs)
    finding ??= { recipe: slowest.recipe, error: tooSlow(took, seedMs) }
  return {
    ...{ target: target.name, inputs, outcomes, secondOpinions: opinions, finding },
    slowest: { ms: took, seedMs },
  }
}

/** Of this process alone: what the machine does besides does not count. */
function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** The least of a few times: what is collected or compiled meanwhile does not count. */
async function quickest(target: Target, input: Uint8Array): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5; i++) {
    const startedAt = processorMs()
    await target.examine(input)
    least = Math.min(least, processorMs() - startedAt)
  }
  return least
}

function tooSlow(ms: number, seedMs: number): unknown {
  try {
    return broken(`it takes ${Math.round(ms)} ms, and a real message ${seedMs.toFixed(3)} ms`)
  } catch (error) {
    return error
  }
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0
const digest = (input: Uint8Array): string => createHash('sha256').update(input).digest('base64')
