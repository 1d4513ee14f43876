/**
 * A process with the unit tests loaded, in a copy of the repository whose source has a switch for every mutant. Loads what it is
 * told, runs what it is told, and says what fails.
 */
import { resolve } from 'node:path'
import Mocha from 'mocha'

export type Order =
  | { readonly load: readonly string[] }
  /** All tests, or those of these titles, until the first that fails. */
  | {
      readonly run: {
        readonly mutant?: string | undefined
        readonly titles?: readonly string[]
        readonly hitLimit?: number
      }
    }

export interface Report {
  /** Of the first test that failed, or why the tests could not even be loaded. */
  readonly failed: readonly string[]
  readonly tests: readonly { readonly title: string; readonly ms: number }[]
  /** How often each mutant was passed; told of a run of all tests. */
  readonly coverage?: Coverage | undefined
}

export interface Coverage {
  readonly perTest: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Outside of all tests: while files were loaded, or by a hook. */
  readonly static: Readonly<Record<string, number>>
}

interface Switches {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: Coverage
}

const switches: Switches = { activeMutant: process.env['MUTANT'] }
Object.assign(globalThis, { __stryker__: switches })

/** A grep by a set of titles. */
class Titles extends RegExp {
  readonly #titles: ReadonlySet<string>
  constructor(titles: readonly string[]) {
    super('')
    this.#titles = new Set(titles)
  }
  override test(title: string): boolean {
    return this.#titles.has(title)
  }
}

const mocha = new Mocha({
  ...{ reporter: class {} as unknown as string, timeout: 10_000 },
  rootHooks: {
    beforeEach(this: Mocha.Context) {
      switches.currentTestId = this.currentTest?.fullTitle()
    },
    afterEach() {
      switches.currentTestId = undefined
    },
  },
})
mocha.cleanReferencesAfterRun(false)

async function load(files: readonly string[]): Promise<Report> {
  for (const file of files) mocha.addFile(resolve(file))
  try {
    await mocha.loadFilesAsync()
    return { failed: [], tests: [] }
  } catch (error) {
    return { failed: [`loading: ${String(error)}`], tests: [] }
  }
}

/** Suites take it over when they are made, which they are. */
function bail(suite: Mocha.Suite, whether: boolean): void {
  suite.bail(whether)
  for (const each of suite.suites) bail(each, whether)
}

function run({ mutant, titles, hitLimit }: Extract<Order, { run: unknown }>['run']): Promise<Report> {
  if (mutant !== undefined) switches.activeMutant = mutant
  switches.hitCount = hitLimit === undefined ? undefined : 0
  switches.hitLimit = hitLimit
  mocha.grep(titles === undefined ? /(?:)/ : new Titles(titles))
  bail(mocha.suite, mutant !== undefined || process.env['BAIL'] !== undefined)
  const failed: string[] = []
  const tests: { title: string; ms: number }[] = []
  return new Promise((done) => {
    mocha
      .run(() => {
        if (mutant !== undefined) switches.activeMutant = undefined
        done({ failed, tests, coverage: titles === undefined ? switches.mutantCoverage : undefined })
      })
      .on('fail', (test) => failed.push(test.fullTitle()))
      .on('pass', (test) => tests.push({ title: test.fullTitle(), ms: test.duration ?? 0 }))
  })
}

process.on('message', (order: Order) => {
  const reported = 'load' in order ? load(order.load) : run(order.run)
  reported.then((answer) => process.send?.(answer))
})
// What a mutant breaks in the background is noticed by the test that waits for it.
process.on('unhandledRejection', () => undefined)
