import { parse } from '@babel/parser'
import { Instrumenter } from '@stryker-mutator/instrumenter'

/** One change to the source that some test has to notice. */
export interface Mutant {
  readonly id: string
  /** From the root of the repository. */
  readonly file: string
  readonly mutator: string
  /** From 1. */
  readonly line: number
  readonly original: string
  readonly replacement: string
  /** The whole file with the change, where no switch can turn it on. */
  readonly replacedFile?: string
}

export interface Mutated {
  readonly mutants: readonly Mutant[]
  /** By file: the source with a switch at every change, all of them off. */
  readonly switched: ReadonlyMap<string, string>
}

const nothing = (): void => undefined
const silent = {
  ...{ trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing },
  ...{ isTraceEnabled: () => false, isDebugEnabled: () => false, isInfoEnabled: () => false },
  ...{ isWarnEnabled: () => false, isErrorEnabled: () => false, isFatalEnabled: () => false },
}

/**
 * Every mutant of these files: Stryker's (conditions forced and negated, comparisons shifted, blocks, strings, arrays and objects
 * emptied, regular expressions loosened, ...), and ours, numbers moved by one and elements of tables taken out.
 */
export async function mutantsOf(sources: ReadonlyMap<string, string>): Promise<Mutated> {
  const files = [...sources].map(([name, content]) => ({ name, content, mutate: true }))
  const options = { plugins: null, excludedMutations: [], ignorers: [] }
  const instrumented = await new Instrumenter(silent).instrument(files, options)
  const ofStryker = instrumented.mutants.map(({ id, fileName, mutatorName, replacement, location }) => {
    const source = sources.get(fileName) ?? ''
    const [from, to] = [offsetOf(source, location.start), offsetOf(source, location.end)]
    return {
      ...{ id, file: fileName, mutator: mutatorName, line: location.start.line + 1 },
      ...{ original: source.slice(from, to), replacement },
    }
  })
  const ours = [...sources].flatMap(([file, source]) => replacements(file, source))
  return {
    mutants: [...ofStryker, ...ours],
    switched: new Map(instrumented.files.map(({ name, content }) => [name, content])),
  }
}

function offsetOf(source: string, { line, column }: { readonly line: number; readonly column: number }): number {
  let offset = 0
  for (let i = 0; i < line; i++) offset = source.indexOf('\n', offset) + 1
  return offset + column
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

/** Numbers moved by one, and elements taken out of the arrays that stand at the top level of a file. */
function replacements(file: string, source: string): readonly Mutant[] {
  const found: Mutant[] = []
  const add = (mutator: string, from: number, to: number, replacement: string): void => {
    const line = source.slice(0, from).split('\n').length
    found.push({
      ...{ id: `${file}:${from}:${mutator}`, file, mutator, line, original: source.slice(from, to), replacement },
      replacedFile: source.slice(0, from) + replacement + source.slice(to),
    })
  }
  const visit = (node: Node, inFunction: boolean): void => {
    if (node.type.startsWith('TSType') || node.type === 'TSInterfaceDeclaration') return
    if (node.type === 'NumericLiteral') add('Number', node.start, node.end, `${Number(node['value']) + 1}`)
    if (node.type === 'ArrayExpression' && !inFunction) {
      const elements = (node['elements'] as (Node | null)[]).filter((element) => element !== null)
      for (const [i, { start, end }] of elements.entries())
        add('TableElement', start, elements[i + 1]?.start ?? end, '')
    }
    const within = inFunction || /Function|Method/.test(node.type)
    for (const value of Object.values(node))
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, within)
  }
  visit(parse(source, { sourceType: 'module', plugins: ['typescript'] }).program as unknown as Node, false)
  return found
}
