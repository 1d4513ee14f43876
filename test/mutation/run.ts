/**
 * npm run mutate [-- --files PREFIX,... --tests PREFIX,... --workers N --resume --report]: changes src/domain and src/pki in every way
 * that test/mutation knows, one change at a time, and lets the unit tests look. Writes docs/mutation.md, of a run over some files where
 * --report is given. Exits with 1 where a change to what judges is noticed by no test and not explained in test/mutation/explained.json.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Copy, filesOfRepository, read, root } from './copy.ts'
import { Importers } from './importers.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import { keyOf, reportOf, unexplained } from './report.ts'
import { TestProcess } from './test_process.ts'
import { type Given, type Outcome, Trial } from './trial.ts'

const defaultFiles = 'src/domain/,src/pki/'
const { values } = parseArgs({
  options: {
    files: { type: 'string', default: defaultFiles },
    tests: { type: 'string', default: 'test/unit/' },
    workers: { type: 'string', default: '2' },
    resume: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
})

/** A test that takes longer is not asked: what only it notices counts as not noticed. */
const longestMs = 1_500

const prefixes = values.files.split(',')
const repository = filesOfRepository()
// Sentences for people, which docs/denials.md is made of.
const files = repository.filter(
  (file) => prefixes.some((prefix) => file.startsWith(prefix)) && file !== 'src/domain/denial_guide.ts',
)
const tests = repository.filter(
  (file) =>
    /^test\/unit\/((domain|pki|intake|explain|envoy|registry)\/|authorize|try_it).*\.test\.ts$/.test(file) &&
    values.tests.split(',').some((prefix) => file.startsWith(prefix)) &&
    // These change octets of signed messages at random, for seconds, or start openssl for each.
    !/(_mutation|_openssl|_size)\.test\.ts$|bootstrap_audit|postgres/.test(file),
)

mkdirSync(join(root, '.mutation'), { recursive: true })
const { mutants, switched } = await mutantsOf(new Map(files.map((file) => [file, read(file)])))
console.log(`${mutants.length} mutants of ${files.length} files`)
const importers = new Importers(tests)

const copies = Array.from({ length: Number(values.workers) }, (_, i) => new Copy(String(i)))
for (const copy of copies) for (const [file, text] of switched) copy.write(file, text)

const dry = new TestProcess(copies[0]!)
const loaded = await dry.ask({ load: tests }, 300_000)
const all = loaded.failed.length > 0 ? loaded : await dry.ask({ run: {} }, 600_000)
dry.end()
if (!('tests' in all) || all.coverage === undefined)
  throw new Error(`the tests do not run without a mutant: ${all.failed.join()}`)
if (all.failed.length > 0) console.log(`Not asked, since they fail without a mutant:\n  ${all.failed.join('\n  ')}`)
const slow = all.tests.filter(({ ms }) => ms > longestMs)
if (slow.length > 0)
  console.log(`Not asked, since they take too long:\n  ${slow.map(({ title }) => title).join('\n  ')}`)
const failing = new Set(all.failed)
const durations = new Map(
  all.tests.filter(({ ms, title }) => ms <= longestMs && !failing.has(title)).map(({ title, ms }) => [title, ms]),
)

const progress = join(root, '.mutation', 'outcomes.jsonl')
if (!values.resume) rmSync(progress, { force: true })
const outcomes: Outcome[] = []
const known = new Map<string, Outcome>()
if (existsSync(progress))
  for (const line of readFileSync(progress, 'utf8').split('\n').filter(Boolean)) {
    const outcome = JSON.parse(line) as Outcome
    known.set(keyOf(outcome.mutant), outcome)
  }

const waiting: Mutant[] = []
for (const mutant of mutants) {
  const outcome = known.get(keyOf(mutant))
  if (outcome !== undefined && 'killedBy' in outcome) outcomes.push({ mutant, killedBy: outcome.killedBy })
  else waiting.push(mutant)
}
const startedAt = Date.now()
await Promise.all(
  copies.map(async (copy) => {
    const given: Given = { copy, switched, importers, tests, coverage: all.coverage!, durations }
    const trial = new Trial(given)
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const outcome = await trial.of(mutant)
      outcomes.push(outcome)
      const { replacedFile: _, ...shown } = outcome.mutant
      appendFileSync(progress, `${JSON.stringify({ ...outcome, mutant: shown })}\n`)
      if ('survived' in outcome)
        console.log(
          `survived ${mutant.file}:${mutant.line} ${mutant.mutator}: ${mutant.original} -> ${mutant.replacement}`,
        )
      if (outcomes.length % 100 === 0) {
        const seconds = Math.round((Date.now() - startedAt) / 1_000)
        console.log(`${outcomes.length} of ${mutants.length}, ${seconds} s`)
      }
    }
    trial.end()
  }),
)

const whole = values.files === defaultFiles || values.report
if (whole) writeFileSync(join(root, 'docs', 'mutation.md'), reportOf(outcomes))
const open = unexplained(outcomes)
for (const line of open) console.log(line)
console.log(
  `${outcomes.filter((outcome) => 'killedBy' in outcome).length} of ${outcomes.length} mutants were noticed; ${open.length} findings.`,
)
process.exit(open.length > 0 ? 1 : 0)
