import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { nearest } from './nearest.ts'
import { type Problem, pathText } from './problem.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A problem found in the value, before its line is known. */
export interface Finding {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly cure: string
}

/** A YAML document as plain values, with the environment's in their places. */
export interface ReadDocument {
  readonly value: unknown
  /** Syntax errors and missing variables. */
  readonly problems: readonly Problem[]
  located(finding: Finding): Problem
}

/**
 * Reads YAML 1.2. In strings, `${NAME}` stands for an environment variable, and `$${` for `${` itself. Aliases are bounded,
 * and a document that cannot be parsed has the value `undefined`.
 */
export function readDocument(text: string, environment: Environment = {}): ReadDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const located = (finding: Finding): Problem => ({
    path: pathText(finding.path),
    line: lineOf(document, finding.path, lines),
    message: finding.message,
    cure: finding.cure,
  })
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      path: '',
      line: lines.linePos(error.pos[0]).line,
      message: `not YAML: ${error.message}`,
      cure: 'mend the syntax at this line',
    }))
    return { value: undefined, problems, located }
  }
  const missing: Finding[] = []
  let value: unknown
  try {
    value = interpolated(document.toJS({ maxAliasCount: 100 }), [], environment, missing)
  } catch (error) {
    missing.push({ path: [], message: `not readable: ${(error as Error).message}`, cure: 'use fewer aliases' })
  }
  return { value, problems: missing.map(located), located }
}

function interpolated(value: unknown, path: PropertyKey[], environment: Environment, missing: Finding[]): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\$\$\{|\$\{([^}]*)\}/g, (whole, name: string | undefined) => {
      if (name === undefined) return '${'
      const found = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? environment[name] : undefined
      if (found !== undefined) return found
      const cure = `set the variable, or write $\${ where ${whole} is meant as it stands`
      missing.push({ path, message: `the environment has no variable ${name}`, cure })
      return whole
    })
  }
  if (Array.isArray(value)) return value.map((item, i) => interpolated(item, [...path, i], environment, missing))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, interpolated(item, [...path, key], environment, missing)]),
  )
}

/** The line of the longest part of the path that the document has; of a key rather than of what it holds. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const last = path[length - 1]
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const node = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === last)?.key
      : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}

/** What a schema found, in words. `knownKeys` are offered where a key is likely misspelt. */
export function findingsOf(error: z.ZodError, knownKeys: readonly string[]): Finding[] {
  return error.issues.flatMap((issue): Finding[] => {
    const { path } = issue
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => {
          const meant = nearest(key, knownKeys)
          return {
            path: [...path, key],
            message: 'there is no such key',
            cure: meant === undefined ? 'remove it' : `remove it, or write ${meant}`,
          }
        })
      case 'invalid_value':
        return [{ path, message: issue.message, cure: `use ${alternatives(issue.values.map(String))}` }]
      case 'invalid_type':
        return [{ path, message: issue.message, cure: `write ${article(issue.expected)} here` }]
      case 'invalid_key':
        return [{ path, message: 'not a name', cure: 'use lower-case letters, digits, - and _' }]
      case 'custom':
        return [{ path, message: issue.message, cure: String(issue.params?.['cure'] ?? 'see docs/configuration.md') }]
      default:
        return [{ path, message: issue.message, cure: 'see docs/configuration.md' }]
    }
  })
}

function alternatives(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

function article(type: string): string {
  const words: Readonly<Record<string, string>> = {
    object: 'keys with values',
    array: 'a list, such as [a, b]',
    record: 'keys with values',
  }
  return words[type] ?? `a ${type}`
}
