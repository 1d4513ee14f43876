import type { Problem } from '../../config/problem.ts'
import type { DevApp } from '../../domain/devapp.ts'
import type { RegistryBytes } from './registry_bytes.ts'

const most = 100

/** What is wrong in a registry file that is read item by item, up to a number that people still read. */
export class Problems {
  readonly #found: { readonly problem: Problem; readonly offset: number }[] = []
  readonly #ids = new Set<string>()
  readonly #clientKeys = new Set<string>()
  #devApps = 0

  get areNone(): boolean {
    return this.#found.length === 0
  }

  get areMany(): boolean {
    return this.#found.length >= most
  }

  /** `offset`: of the byte in the file from which the problem's line is counted. */
  add(problems: readonly Problem[], offset = 0): void {
    this.#found.push(...problems.map((problem) => ({ problem, offset })))
  }

  /** That the DevApp has an id and a ClientKey of its own. `index`: of its item in the list; `offset`: in the file. */
  expectUnique({ id, clientKey }: DevApp, index: number, offset: number): void {
    this.#ids.add(id)
    this.#clientKeys.add(clientKey)
    this.#devApps++
    const repeated = (key: string): Problem => ({
      ...{ path: `devapps[${index}].${key}`, line: 1 },
      ...{ message: 'another DevApp has it already', cure: 'give each DevApp its own' },
    })
    if (this.#ids.size < this.#devApps) this.add([repeated('id')], offset)
    if (this.#clientKeys.size < this.#devApps) this.add([repeated('client_key')], offset)
  }

  /** Each with its line in the file, which is read again for that. */
  async located(file: RegistryBytes): Promise<readonly Problem[]> {
    const lines = await linesBefore(
      file,
      this.#found.map(({ offset }) => offset),
    )
    return this.#found.map(({ problem, offset }) => ({
      ...problem,
      line: problem.line === undefined ? undefined : problem.line + (lines.get(offset) ?? 0),
    }))
  }
}

/** How many lines end before each of these bytes. */
async function linesBefore(file: RegistryBytes, offsets: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const lines = new Map<number, number>()
  const wanted = [...new Set(offsets)].sort((a, b) => a - b)
  let [read, counted] = [0, 0]
  for await (const chunk of file.chunks()) {
    let at = 0
    for (let next = wanted[0]; next !== undefined && next <= read + chunk.length; next = wanted[0]) {
      counted += lineFeedsIn(chunk, at, next - read)
      at = next - read
      lines.set(next, counted)
      wanted.shift()
    }
    if (wanted.length === 0) break
    counted += lineFeedsIn(chunk, at, chunk.length)
    read += chunk.length
  }
  return lines
}

function lineFeedsIn(bytes: Buffer, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; at++) if (bytes[at] === 0x0a) count++
  return count
}
