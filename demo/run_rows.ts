import { type Answer, codeOf } from './client.ts'
import type { Gateway } from './gateway.ts'
import type { Row, Section } from './rows.ts'

export interface Result {
  readonly row: Row
  /** Status and code, or what went wrong with asking. */
  readonly came: string
  readonly ms: number
  /** Why the row is not as expected; `undefined` when it is. */
  readonly wrong: string | undefined
}

/** Asks every row in order; `onResult` hears of each as it comes. Never rejects: a row that cannot be asked is wrong. */
export async function runRows(
  gateway: Gateway,
  sections: readonly Section[],
  onResult: (result: Result, section: Section) => void,
): Promise<Result[]> {
  const results: Result[] = []
  for (const section of sections) {
    for (const row of section.rows) {
      const result = await runRow(gateway, row)
      onResult(result, section)
      results.push(result)
    }
  }
  return results
}

/** Asks one row. */
export async function runRow(gateway: Gateway, row: Row): Promise<Result> {
  try {
    await row.before?.(gateway)
    const before = gateway.upstreamRequests
    const started = performance.now()
    const answer = await row.call(gateway)
    const ms = performance.now() - started
    const came = shown(answer)
    return { row, came, ms, wrong: wrongOf(row, came, answer, gateway.upstreamRequests - before, gateway) }
  } catch (error) {
    return { row, came: 'no answer', ms: 0, wrong: error instanceof Error ? error.message : String(error) }
  } finally {
    await row.after?.(gateway)
  }
}

function wrongOf(row: Row, came: string, answer: Answer, reached: number, gateway: Gateway): string | undefined {
  const expected = row.reaches ?? (row.expects.startsWith('200') ? 1 : 0)
  if (came !== row.expects) return `expected ${row.expects}`
  if (reached !== expected) return `${reached} requests reached the upstream, not ${expected}`
  return row.also?.(answer, gateway)
}

function shown(answer: Answer): string {
  return answer.kind === 'handshake' ? codeOf(answer) : `${answer.status} ${codeOf(answer)}`
}
