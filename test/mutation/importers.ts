import { dirname, join, normalize } from 'node:path'
import { read } from './copy.ts'

/** Which of `tests` import a file, by whatever way, nearest first: those of the same name, then of the same folder. */
export class Importers {
  readonly #reached: ReadonlyMap<string, ReadonlySet<string>>

  constructor(tests: readonly string[]) {
    this.#reached = new Map(tests.map((test) => [test, reachedFrom(test)]))
  }

  of(file: string): readonly string[] {
    const own = file.replace(/^src\//, 'test/unit/').replace(/\.ts$/, '')
    const distance = (test: string): number => {
      if (test.startsWith(own)) return 0
      return dirname(test) === dirname(own) ? 1 : 2
    }
    return [...this.#reached]
      .filter(([, files]) => files.has(file))
      .map(([test]) => test)
      .sort((a, b) => distance(a) - distance(b))
  }
}

function reachedFrom(file: string, reached = new Set<string>()): ReadonlySet<string> {
  if (reached.has(file)) return reached
  reached.add(file)
  for (const [, specifier = ''] of read(file).matchAll(/^(?:import|export) (?!type )[^;]*?from '(\.[^']+\.ts)'/gms))
    reachedFrom(normalize(join(dirname(file), specifier)), reached)
  return reached
}
