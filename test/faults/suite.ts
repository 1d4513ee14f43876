import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { installPackages } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { Lab, type LabOptions } from './lab.ts'
import { badArrivals, type LabKind, type Result, type Row, runRow } from './row.ts'

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

/** Where this process itself was so late, what good callers had to wait for says little about the service. */
const tooLateMs = 500
const attempts = 3

/**
 * The rows one after the other, in labs of their kinds, and their results as they come. What broke a row is one of its failures.
 * One that failed on a machine that was too busy is run again, unless a bad caller got in.
 */
export async function* runRows(rows: readonly Row[]): AsyncGenerator<Result> {
  let open: { readonly kind: LabKind; readonly lab: Lab } | undefined
  const close = async (): Promise<void> => {
    const lab = open?.lab
    open = undefined
    await lab?.stop()
  }
  try {
    for (const row of rows)
      for (let attempt = 1; ; attempt++) {
        if (open?.kind !== row.lab) {
          await close()
          open = { kind: row.lab, lab: await Lab.start(await optionsOf(row.lab)) }
        }
        const { lab } = open
        const delay = monitorEventLoopDelay({ resolution: 20 })
        delay.enable()
        const result = await runRow(lab, row).catch((error) => broken(row, lab, error))
        delay.disable()
        // Whatever it left behind is not for the next one.
        if (result.failures.length > 0) await close()
        const lateMs = Math.round(delay.max / 1e6)
        const isExcused = result.failures.length > 0 && result.wronglyAllowed === 0 && lateMs > tooLateMs
        if (!isExcused || attempt === attempts) {
          yield result
          break
        }
        console.error(
          `${row.fault}: once more, since this machine was ${lateMs} ms late: ${result.failures.join('; ')}`,
        )
      }
  } finally {
    await close()
  }
}

function broken({ fault }: Row, lab: Lab, error: unknown): Result {
  const failures = [error instanceof Error ? error.message : String(error)]
  const none = { requests: 0, wronglyRefused: 0, permittedRefusals: 0, recoverySeconds: Number.NaN }
  return { fault, ...none, wronglyAllowed: badArrivals(lab), evidence: '', changes: '', failures }
}
