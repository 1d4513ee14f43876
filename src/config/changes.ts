import type { ConfigFile } from './schema.ts'

/** What a running service cannot change: where it listens, and what it keeps open for as long as it lives. */
export const restartKeys = [
  'listen',
  'workers',
  'admin',
  'console',
  'metrics',
  'reflection',
  'registry',
  'qtsps',
  'psd2',
  'tracing',
  'signatures',
  'log.audit',
  'log.buffered',
] as const satisfies readonly (keyof ConfigFile | `log.${keyof ConfigFile['log']}`)[]

export interface ConfigChanges {
  /** The paths of what changed and is in force from now on. Never the values, which may be secrets. */
  readonly applied: readonly string[]
  /** The paths of what changed and takes a restart. */
  readonly restart: readonly string[]
}

/** What differs between two configurations. */
export function configChanges(before: ConfigFile, after: ConfigFile): ConfigChanges {
  const changed = changedPaths(before, after, '')
  const takesRestart = (path: string): boolean => restartKeys.some((key) => path === key || path.startsWith(`${key}.`))
  return { applied: changed.filter((path) => !takesRestart(path)), restart: changed.filter(takesRestart) }
}

/** Down to what is no section; of lists the path of the list. */
function changedPaths(before: unknown, after: unknown, path: string): readonly string[] {
  if (!isSection(before) || !isSection(after)) return same(before, after) ? [] : [path]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => changedPaths(before[key], after[key], path === '' ? key : `${path}.${key}`))
}

const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

const same = (before: unknown, after: unknown): boolean => JSON.stringify(before) === JSON.stringify(after)
