import { readFileSync } from 'node:fs'
import type { Mutant } from './mutants.ts'
import type { Outcome } from './trial.ts'

/** A mutant that no test can notice, or need not, and why. */
interface Explained {
  readonly file: string
  readonly original: string
  readonly replacement: string
  readonly reason: string
}

const explained = JSON.parse(readFileSync(new URL('explained.json', import.meta.url), 'utf8')) as readonly Explained[]

/** Here every mutant is noticed, or explained. */
const judging = /^src\/(domain\/|pki\/ocsp_(response|verification)\.ts$)/

export const keyOf = ({ file, mutator, line, original, replacement }: Mutant): string =>
  [file, mutator, line, original, replacement].join('\n')

export const isExplained = ({ file, original, replacement }: Mutant): boolean =>
  explained.some((each) => each.file === file && each.original === original && each.replacement === replacement)

const isKilled = (outcome: Outcome): boolean => 'killedBy' in outcome
const lineOf = ({ file, line, mutator, original, replacement }: Mutant): string =>
  `${file}:${line} ${mutator}: ${onOneLine(original)} -> ${onOneLine(replacement)}`
const onOneLine = (text: string): string => (text === '' ? '(nothing)' : text.replace(/\s+/g, ' ').slice(0, 120))

/** The mutants that the run fails for. */
export function unexplained(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes
    .filter((outcome) => !isKilled(outcome) && judging.test(outcome.mutant.file) && !isExplained(outcome.mutant))
    .map(({ mutant }) => `not noticed: ${lineOf(mutant)}`)
    .sort()
}

/** docs/mutation.md */
export function reportOf(outcomes: readonly Outcome[]): string {
  const files = [...new Set(outcomes.map(({ mutant }) => mutant.file))].sort()
  const rows = files.map((file) => {
    const own = outcomes.filter(({ mutant }) => mutant.file === file)
    const left = own.filter((outcome) => !isKilled(outcome))
    const known = left.filter(({ mutant }) => isExplained(mutant))
    return `| \`${file}\` | ${own.length} | ${own.length - left.length} | ${known.length} | ${left.length - known.length} |`
  })
  const others = outcomes.filter((outcome) => !isKilled(outcome) && !isExplained(outcome.mutant))
  return `# Mutation of the judge

\`npm run mutate\` changes the source in every way that it knows, one change at a time, and lets the unit tests look: conditions forced and
negated, comparisons shifted, blocks, strings, arrays and objects emptied, regular expressions loosened, numbers moved by one, elements taken
out of tables. It writes this page. A change that no test notices is explained below, or a test is missing. In \`src/domain\` and in what
judges an OCSP response none may be missing: the run ends with 1 otherwise. \`test/mutation/checks_removed.test.ts\` is its short version, in every
run of the tests: the table of checks, without each of them in turn.

Asked are the unit tests of these folders that take less than a second and a half, and none that changes octets at random: what only those
notice counts as not noticed here.

| File | Mutants | Noticed | Explained | Not noticed |
|---|---|---|---|---|
${rows.join('\n')}

## Explained

| File | Original | Replacement | Why no test notices |
|---|---|---|---|
${explained.map((each) => `| \`${each.file}\` | ${cell(each.original)} | ${cell(each.replacement)} | ${each.reason} |`).join('\n')}

## Not noticed

${
  others.length === 0
    ? 'None.'
    : others
        .map(({ mutant }) => `- ${cell(lineOf(mutant))}`)
        .sort()
        .join('\n')
}
`
}

const cell = (text: string): string => {
  const shown = onOneLine(text).replaceAll('|', '\\|')
  return shown.includes('`') ? `\`\` ${shown} \`\`` : `\`${shown}\``
}
