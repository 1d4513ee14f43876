import type { Outcome } from '../faults/callers.ts'
import type { Lab } from '../faults/lab.ts'

/** What each kind of caller is answered in the end, where nothing is wrong; one that guesses secrets may also be slowed. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'good: certificate': ['200'],
  'good: Basic': ['200'],
  'good: both': ['200'],
  'bad: unregistered': ['401 cert_not_registered'],
  'bad: revoked': ['401 cert_revoked'],
  'bad: detached': ['401 cert_not_registered'],
  'bad: disabled': ['403 devapp_disabled'],
  'bad: product not selected': ['403 product_not_selected'],
  'bad: wrong secret': ['401 basic_invalid', '429 too_many_attempts'],
  'bad: no Basic': ['401 basic_missing'],
  'bad: wrong hostname': ['421 wrong_hostname'],
  'bad: no certificate': ['handshake'],
  'bad: unknown CA': ['handshake'],
}

export type Counts = ReadonlyMap<string, number>

/** By code, `allow` among them, of what the service decided; refused handshakes never come to it. */
export function countsOf(outcomes: readonly Outcome[]): Counts {
  return tally(
    outcomes.flatMap(({ result }) =>
      result === 'handshake' ? [] : [result === '200' ? 'allow' : (result.split(' ')[1] ?? result)],
    ),
  )
}

/** Of both processes, since they began. */
export async function countsInMetrics(lab: Lab): Promise<Counts> {
  const texts = await Promise.all([lab.metrics('one'), lab.metrics('two')])
  const counts = new Map<string, number>()
  for (const [, code = '', value] of texts
    .join('\n')
    .matchAll(/^devapp_authz_decisions_total\{[^}]*code="([^"]*)"[^}]*\} (\d+)/gm))
    counts.set(code, (counts.get(code) ?? 0) + Number(value))
  return counts
}

export function countsInLog(lab: Lab): Counts {
  const lines = (['one', 'two'] as const).flatMap((name) => lab.services[name].log())
  return tally(lines.flatMap(({ msg, code }) => (msg === 'decision' ? [String(code)] : [])))
}

/** What somebody was answered who should have been answered something else, in words. */
export function unexpected(outcomes: readonly Outcome[]): readonly string[] {
  const others = outcomes.filter(({ kind, result }) => expected[kind]?.includes(result) !== true)
  return [...tally(others.map(({ kind, result }) => `${kind}: ${result}`))].map(([what, times]) => `${times} x ${what}`)
}

/** In words, where two counts say not the same. */
export function disagreements(one: Counts, another: Counts): readonly string[] {
  const codes = [...new Set([...one.keys(), ...another.keys()])].sort()
  return codes
    .filter((code) => (one.get(code) ?? 0) !== (another.get(code) ?? 0))
    .map((code) => `${code}: ${one.get(code) ?? 0} and ${another.get(code) ?? 0}`)
}

function tally(words: readonly string[]): Counts {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}
