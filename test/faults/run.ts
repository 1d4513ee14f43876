/**
 * npm run test:faults [-- --short] [-- WORDS]: every fault, or those that run with all tests, or those whose names hold the words.
 * Prints a table, and writes docs/faults.md when all of them ran. Exits with 1 where something did not hold.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { secretWatch } from '../support/secret_watch.ts'
import { page, table } from './report.ts'
import type { Result } from './row.ts'
import { allRows } from './rows/all.ts'
import { runRows } from './suite.ts'

const [first, ...more] = process.argv.slice(2)
const words = [...(first === undefined || first === '--short' ? [] : [first]), ...more].join(' ')
const rows = allRows.filter(({ fault, short }) => (first !== '--short' || short === true) && fault.includes(words))

const results: Result[] = []
for await (const result of runRows(rows)) {
  results.push(result)
  const { fault, failures, recoverySeconds } = result
  process.stderr.write(
    `${failures.length === 0 ? 'ok' : 'FAILED'} ${fault}: ${failures.join('; ') || `back after ${recoverySeconds.toFixed(1)} s`}\n`,
  )
}
const leaks = secretWatch.leaks()
for (const leak of leaks) process.stderr.write(`a secret was printed: ${leak}\n`)
process.stdout.write(`\n${table(results)}\n`)
const holds = results.every(({ failures }) => failures.length === 0) && leaks.length === 0
if (holds && rows.length === allRows.length)
  writeFileSync(fileURLToPath(new URL('../../docs/faults.md', import.meta.url)), page(results))
process.exit(holds ? 0 : 1)
