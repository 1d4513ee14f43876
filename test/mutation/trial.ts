import type { Copy } from './copy.ts'
import type { Importers } from './importers.ts'
import type { Mutant } from './mutants.ts'
import { TestProcess } from './test_process.ts'
import type { Coverage } from './worker.ts'

export type Outcome = { readonly mutant: Mutant } & (
  | { readonly killedBy: string }
  | { readonly survived: true; readonly covered: boolean }
)

export interface Given {
  readonly copy: Copy
  readonly switched: ReadonlyMap<string, string>
  readonly importers: Importers
  /** Files of tests, all of them loaded for mutants that a switch turns on. */
  readonly tests: readonly string[]
  readonly coverage: Coverage
  /** By title. Those that are not here do not count. */
  readonly durations: ReadonlyMap<string, number>
}

const loadingMs = 120_000
/** So many of the quickest tests are asked first. */
const quickest = 25

/** Turns mutants on, one after another, and lets the tests that pass them look. */
export class Trial {
  readonly #given: Given
  #loaded: TestProcess | undefined
  readonly #coveredBy = new Map<string, string[]>()

  constructor(given: Given) {
    this.#given = given
    for (const [title, mutants] of Object.entries(given.coverage.perTest))
      for (const id of Object.keys(mutants)) this.#coveredBy.set(id, [...(this.#coveredBy.get(id) ?? []), title])
  }

  end(): void {
    this.#loaded?.end()
  }

  async of(mutant: Mutant): Promise<Outcome> {
    const { coverage, durations } = this.#given
    if (mutant.replacedFile !== undefined) return this.#anew(mutant)
    const titles = (this.#coveredBy.get(mutant.id) ?? [])
      .filter((title) => durations.has(title))
      .sort((a, b) => (durations.get(a) ?? 0) - (durations.get(b) ?? 0))
    const atLoad = coverage.static[mutant.id] !== undefined
    if (titles.length === 0 && !atLoad) return { mutant, survived: true, covered: false }
    for (const some of [titles.slice(0, quickest), titles.slice(quickest)]) {
      const killedBy = some.length === 0 ? undefined : await this.#switchedOn(mutant, some)
      if (killedBy !== undefined) return { mutant, killedBy }
    }
    return atLoad ? this.#anew(mutant) : { mutant, survived: true, covered: true }
  }

  /** In the process that has all tests loaded. */
  async #switchedOn(mutant: Mutant, titles: readonly string[]): Promise<string | undefined> {
    const { coverage, durations, copy, tests } = this.#given
    if (this.#loaded?.alive !== true) {
      this.#loaded = new TestProcess(copy)
      const { failed } = await this.#loaded.ask({ load: tests }, loadingMs)
      if (failed.length > 0) throw new Error(`the tests cannot be loaded: ${failed.join()}`)
    }
    const ms = titles.reduce((sum, title) => sum + (durations.get(title) ?? 0), 0)
    const hits = titles.reduce((sum, title) => sum + (coverage.perTest[title]?.[mutant.id] ?? 0), 0)
    const { failed } = await this.#loaded.ask(
      { run: { mutant: mutant.id, titles, hitLimit: 1_000 + 100 * hits } },
      20_000 + 10 * ms,
    )
    return failed[0]
  }

  /** In a process of its own, which has it from the beginning: the tests nearest to the file first. */
  async #anew(mutant: Mutant): Promise<Outcome> {
    const { copy, importers, durations, switched } = this.#given
    const titles = [...durations.keys()]
    if (mutant.replacedFile !== undefined) copy.write(mutant.file, mutant.replacedFile)
    const files = importers.of(mutant.file)
    const near = files.filter(
      (file, i) => i === 0 || file.startsWith(mutant.file.replace(/^src\//, 'test/unit/').replace(/[^/]*$/, '')),
    )
    try {
      for (const some of [near, files.filter((file) => !near.includes(file))]) {
        if (some.length === 0) continue
        const process = new TestProcess(copy, mutant.replacedFile === undefined ? mutant.id : '')
        const loaded = await process.ask({ load: some }, loadingMs)
        const { failed } = loaded.failed.length > 0 ? loaded : await process.ask({ run: { titles } }, 120_000)
        process.end()
        if (failed[0] !== undefined) return { mutant, killedBy: failed[0] }
      }
      return { mutant, survived: true, covered: files.length > 0 }
    } finally {
      if (mutant.replacedFile !== undefined) copy.write(mutant.file, switched.get(mutant.file) ?? '')
    }
  }
}
