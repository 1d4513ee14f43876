import { type Document, isCollection, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { z } from 'zod'
import { interpolate, type Variables } from './interpolation.ts'
import { nearest } from './nearest.ts'
import { byLine, type Problem, pathText } from './problem.ts'
import { shown, writtenHere } from './values.ts'
import { yamlMistakes } from './yaml_mistakes.ts'

export type { Variables }

/** A problem found in the value, before its line is known. */
export interface Finding {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly cure: string
}

/** A YAML document as plain values, with the environment's in their places. */
export interface ReadDocument {
  /** What could be read; `undefined` for an empty document. */
  readonly value: unknown
  /** Whether syntax errors may have cost parts of it, so that what is missing may only be unreadable. */
  readonly damaged: boolean
  /** Syntax errors and missing variables. */
  readonly problems: readonly Problem[]
  located(finding: Finding): Problem
}

/**
 * Reads YAML 1.2. In strings, `${NAME}` stands for an environment variable, `${file:PATH}` for a file, and `$${` for `${` itself;
 * without `variables`, each is a problem. Aliases are bounded. Never throws: what is wrong is a problem, with its line.
 */
export function readDocument(text: string, variables?: Variables): ReadDocument {
  const lines = new LineCounter()
  // The core schema whatever a %YAML directive says: `off` is a text, and a date is one too.
  const options = {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    stringKeys: true,
    logLevel: 'error',
  } as const
  const document = parseDocument(text, options)
  const syntax = syntaxProblems(document, lines)
  // They are problems already. To write one within another out as a text takes time and memory without bounds.
  visit(document, { Pair: (_, { key }) => (isCollection(key) ? visit.REMOVE : undefined) })
  const filling: Filling = { variables, mistakes: [], within: new Set() }
  let written: unknown
  let value: unknown
  try {
    written = document.toJS({ maxAliasCount: 100 }) ?? undefined
    value = filled(written, [], filling)
  } catch {
    const message = 'aliases (*) repeat too much, or the levels are nested too deep'
    if (syntax.length === 0) filling.mistakes.push({ path: [], message, cure: 'write out what is meant, and no more' })
  }
  const located = ({ path, message, cure }: Finding): Problem => ({
    path: pathText(path),
    line: lineOf(document, path, lines),
    message: message.replaceAll(writtenHere, () => shown(valueAt(written, path))),
    cure,
  })
  return { value, damaged: syntax.length > 0, problems: byLine([...syntax, ...filling.mistakes.map(located)]), located }
}

/** One a line: what follows on the same one follows from the first. */
function syntaxProblems(document: Document, lines: LineCounter): Problem[] {
  const first = new Map<number, Problem>()
  const add = (offset: number, mistake: { readonly message: string; readonly cure: string }): void => {
    const { line } = lines.linePos(offset)
    if (!first.has(line)) first.set(line, { path: '', line, message: mistake.message, cure: mistake.cure })
  }
  for (const { code, pos } of [...document.errors, ...document.warnings]) add(pos[0], yamlMistakes[code])
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined)
        add(alias.range?.[0] ?? 0, {
          message: 'an alias (*) for which there is no anchor',
          cure: 'write out what is meant, or put a text that begins with * in quotes',
        })
    },
  })
  return [...first.values()]
}

interface Filling {
  readonly variables: Variables | undefined
  readonly mistakes: Finding[]
  /** What holds the value at hand. */
  readonly within: Set<object>
}

function filled(value: unknown, path: PropertyKey[], filling: Filling): unknown {
  if (typeof value === 'string') {
    const { text, mistakes } = interpolate(value, filling.variables)
    filling.mistakes.push(...mistakes.map((mistake) => ({ path, ...mistake })))
    return text
  }
  if (typeof value !== 'object' || value === null) return value
  if (filling.within.has(value)) {
    filling.mistakes.push({ path, message: 'it contains itself', cure: 'write out what the alias (*) stands for' })
    return undefined
  }
  filling.within.add(value)
  const copy = Array.isArray(value)
    ? value.map((item, i) => filled(item, [...path, i], filling))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, [...path, key], filling)]))
  filling.within.delete(value)
  return copy
}

/** What stands at the path; `undefined` where nothing does. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step)
        ? (at as Readonly<Record<PropertyKey, unknown>>)[step]
        : undefined,
    value,
  )
}

/** The line of the longest part of the path that the document has; of a key rather than of what it holds. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const last = path[length - 1]
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const node = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))?.key
      : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}

/** The keys that a schema knows: all of them, or those at a path. */
export type KnownKeys = readonly string[] | ((path: readonly PropertyKey[]) => readonly string[])

/** What a schema found, in words. `knownKeys` are offered where a key is likely misspelt. */
export function findingsOf(error: z.ZodError, knownKeys: KnownKeys): Finding[] {
  return error.issues.flatMap((issue): Finding[] => {
    const { path, message } = issue
    switch (issue.code) {
      case 'unrecognized_keys': {
        const known = typeof knownKeys === 'function' ? knownKeys(path) : knownKeys
        return issue.keys.map((key) => unknownKey(path, key, known))
      }
      case 'invalid_value':
        return [{ path, message, cure: 'write one of these words' }]
      case 'invalid_type':
        return [{ path, message, cure: typeCures[issue.expected] ?? `write a ${issue.expected} here` }]
      case 'custom':
        return [{ path, message, cure: String(issue.params?.['cure'] ?? 'see docs/configuration.md') }]
      default:
        return [{ path, message, cure: 'see docs/configuration.md' }]
    }
  })
}

function unknownKey(section: readonly PropertyKey[], key: string, known: readonly string[]): Finding {
  // What has another shape is a key and its value that no space parts, and the value may be a password.
  if (!/^[\w-]{1,64}$/.test(key))
    return {
      path: section,
      message: 'there is a key that is none',
      cure: 'write key: value, with a space after the colon',
    }
  const path = [...section, key]
  const meant = nearest(key, known)
  const cure = meant === undefined ? `remove it, or use one of ${known.join(', ')}` : `remove it, or write ${meant}`
  return { path, message: 'there is no such key', cure }
}

const typeCures: Readonly<Record<string, string>> = {
  object: 'write its keys below it, indented',
  record: 'write its keys below it, indented',
  array: 'write a list, such as [a, b]',
  boolean: 'write true or false',
  string: 'write a text here',
}
