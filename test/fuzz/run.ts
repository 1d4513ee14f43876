/**
 * npm run fuzz [-- --minutes N --target NAME --seed S]: examines mutants of real messages, each target in turn, for ten minutes in
 * all unless told otherwise. Prints the seed, and what was found as it goes into test/vectors/fuzz.json. Exits with 1 after a finding.
 */
import { parseArgs } from 'node:util'
import { fuzz, type Result } from './fuzz.ts'
import { written } from './mutators/edit.ts'
import { hasOpenssl } from './openssl.ts'
import { targets } from './targets.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, target: { type: 'string' }, seed: { type: 'string' } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target)
if (chosen.length === 0) {
  console.error(`There is no target "${values.target}": ${targets.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const minutes = Number(values.minutes)
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('--minutes is a number above 0, --seed a whole number')
  process.exit(2)
}
console.log(`seed ${seed}${hasOpenssl() ? '' : '; without openssl, so without its opinion'}`)

const until = Date.now() + minutes * 60_000
const slices = Math.max(1, Math.round(minutes / chosen.length))
const sliceMs = (minutes * 60_000) / chosen.length / slices
const heapBefore = heapMiB()
let total = 0
let findings = 0
for (let slice = 0; slice < slices && Date.now() < until; slice++)
  for (const target of chosen) {
    const startedAt = Date.now()
    const result = await fuzz(target, {
      ...{ seed: seed + slice * 1_000_003, ms: sliceMs, secondOpinions: hasOpenssl() ? Math.ceil(sliceMs / 100) : 0 },
    })
    total += result.inputs
    show(result, Date.now() - startedAt)
    if (result.finding !== undefined) findings++
  }
console.log(
  `${total} inputs, ${findings} findings, seed ${seed}; heap ${heapBefore} MiB before, ${heapMiB()} MiB after`,
)
process.exit(findings > 0 ? 1 : 0)

function heapMiB(): number {
  globalThis.gc?.()
  return Math.round(process.memoryUsage().heapUsed / 1_048_576)
}

function show({ target, inputs, outcomes, secondOpinions, slowest, finding }: Result, ms: number): void {
  const most = Object.entries(outcomes).sort(([, a], [, b]) => b - a)
  const words = most.slice(0, 6).map(([word, count]) => `${word} ${count}`)
  console.log(
    `${target}: ${inputs} inputs in ${Math.round(ms / 1_000)} s, ${secondOpinions} second opinions, slowest ${slowest.ms.toFixed(1)} ms (seeds ${slowest.seedMs.toFixed(2)}); ${words.join(', ')}${most.length > 6 ? ', ...' : ''}`,
  )
  if (finding === undefined) return
  console.log(`FOUND in ${target}: ${finding.error instanceof Error ? finding.error.stack : String(finding.error)}`)
  console.log(JSON.stringify({ target, recipe: written(finding.recipe) }))
}
