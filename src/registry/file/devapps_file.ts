import { type Finding, readDocument, valueAt } from '../../config/document.ts'
import { byLine, DocumentError } from '../../config/problem.ts'
import type { DevApp } from '../../domain/devapp.ts'
import { ChainReader } from '../chain_reader.ts'
import { devAppOf, fileSchema, findingsInFile, type NamedChains, namedChains, SharedParts } from '../devapp_schema.ts'

/**
 * The DevApps of a registry file. Throws a DocumentError that names every problem: one that does not hold up takes no DevApp
 * over. `name` is what the file is called there.
 */
export function parseDevApps(yaml: string, name: string): readonly DevApp[] {
  return parseRegistry(yaml, name).devApps
}

/** The same, and the rows of CAs that the file names. */
export function parseRegistry(
  yaml: string,
  name: string,
  reader = new ChainReader(),
): { readonly devApps: readonly DevApp[]; readonly chains: NamedChains } {
  const document = readDocument(yaml)
  if (document.problems.length > 0) throw new DocumentError(name, document.problems)
  const chains = namedChains(valueAt(document.value, ['chains']), reader)
  const parsed = fileSchema(reader, chains).safeParse(document.value)
  const findings = [
    ...(parsed.success ? [] : findingsInFile(parsed.error)),
    ...repeatedValues(document.value, 'id'),
    ...repeatedValues(document.value, 'client_key'),
  ]
  if (!parsed.success || findings.length > 0) throw new DocumentError(name, byLine(findings.map(document.located)))
  const shared = new SharedParts()
  return { devApps: parsed.data.devapps.map((devApp) => devAppOf(devApp, shared)), chains }
}

function repeatedValues(file: unknown, key: 'id' | 'client_key'): Finding[] {
  const devapps = valueAt(file, ['devapps'])
  const seen = new Set<unknown>()
  return (Array.isArray(devapps) ? devapps : []).flatMap((devapp, index) => {
    const value = valueAt(devapp, [key])
    const repeats = value !== undefined && seen.has(value)
    seen.add(value)
    const message = 'another DevApp has it already'
    return repeats ? [{ path: ['devapps', index, key], message, cure: 'give each DevApp its own' }] : []
  })
}
