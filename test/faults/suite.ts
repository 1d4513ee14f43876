import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installPackages } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { Lab, type LabOptions } from './lab.ts'
import { type LabKind, type Result, type Row, runRow } from './row.ts'

/** Of each of thirteen callers. */
const rate = 12

/** Debian's, for amd64 and arm64. */
const faketimePaths = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`,
)

async function optionsOf(kind: LabKind): Promise<LabOptions> {
  if (kind !== 'clock') return { registry: kind, rate }
  if (!faketimePaths.some((path) => existsSync(path))) installPackages(['libfaketime'], (said) => console.error(said))
  const library = faketimePaths.find((path) => existsSync(path))
  if (library === undefined) throw new Error('There is no libfaketime. Install it: apt-get install libfaketime.')
  const file = join(temporaryFolder('clock').path, 'offset')
  writeFileSync(file, '+0\n')
  return {
    ...{ registry: 'file', rate },
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_RESET: '1',
      // Timers go by how much time passes, which a clock that is set does not change.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  }
}

/** The rows one after the other, in labs of their kinds, and their results as they come. What broke a row is one of its failures. */
export async function* runRows(rows: readonly Row[]): AsyncGenerator<Result> {
  let open: { readonly kind: LabKind; readonly lab: Lab } | undefined
  try {
    for (const row of rows) {
      if (open?.kind !== row.lab) {
        await open?.lab.stop()
        open = undefined
        open = { kind: row.lab, lab: await Lab.start(await optionsOf(row.lab)) }
      }
      try {
        yield await runRow(open.lab, row)
      } catch (error) {
        yield broken(row, error)
        // Whatever it left behind is not for the next one.
        await open.lab.stop()
        open = undefined
      }
    }
  } finally {
    await open?.lab.stop()
  }
}

function broken({ fault }: Row, error: unknown): Result {
  const failures = [error instanceof Error ? error.message : String(error)]
  const none = { requests: 0, wronglyAllowed: 0, wronglyRefused: 0, permittedRefusals: 0, recoverySeconds: Number.NaN }
  return { fault, ...none, evidence: '', changes: '', failures }
}
