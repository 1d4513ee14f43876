import { type Problem, pathText } from '../../config/problem.ts'
import { gatewayIn } from './gateway.ts'
import type { Broken, Rule, Service, Severity } from './rule.ts'
import { TooManyParts } from './source_file.ts'
import { type ReadFile, Sources } from './sources.ts'
import { configurationUnusable, subjects, unreadable } from './subjects.ts'

/** A rule that does not hold, and where. */
export interface Finding {
  readonly code: string
  readonly severity: Severity
  readonly file: string
  /** As `pathText` writes it; empty for the file as a whole. */
  readonly path: string
  readonly line: number | undefined
  readonly message: string
  readonly why: string
  readonly cure: string
}

export interface AuditSource {
  /** The bootstrap, as `read` knows it. */
  readonly path: string
  readonly read: ReadFile
  /** Without it, only what can be told from Envoy's configuration alone is found. */
  readonly service: Service | undefined
}

/**
 * Everything in an Envoy's configuration, files that it names included, that opens a way around the service or breaks it: by
 * file, and there by line. Any content is judged; what cannot be read is a finding.
 */
export function auditBootstrap({ path, read, service }: AuditSource): readonly Finding[] {
  const sources = new Sources(read)
  const bootstrap = sources.open(path, { file: path, path: [], line: undefined })
  if (bootstrap === undefined) return findingsOf(unreadable, sources.unreadable)
  try {
    const gateway = gatewayIn(bootstrap, sources)
    const findings = subjects.flatMap(({ rules }) =>
      rules.flatMap((rule) => findingsOf(rule, rule.broken(gateway, service))),
    )
    return inOrder(findings, bootstrap.file)
  } catch (error) {
    if (!(error instanceof TooManyParts)) throw error
    return findingsOf(unreadable, [{ at: bootstrap, message: error.message }])
  }
}

/** What keeps the service's own configuration from being compared. */
export function configurationFinding(file: string, { path, line, message, cure }: Problem): Finding {
  const { code, severity, why } = configurationUnusable
  return { code, severity, file, path, line, message, why, cure }
}

/** Once for what aliases repeat: the place is the same. */
function findingsOf({ code, severity, why, cure }: Rule, broken: readonly Broken[]): readonly Finding[] {
  const seen = new Set<string>()
  return broken.flatMap(({ at: { identity, file, path, line }, message }) => {
    const place = { file, path: pathText(path), line }
    const key = `${identity ?? JSON.stringify(place)} ${message}`
    if (seen.has(key)) return []
    seen.add(key)
    return [{ code, severity, ...place, message, why, cure }]
  })
}

/** The bootstrap's first. */
function inOrder(findings: readonly Finding[], bootstrap: string): readonly Finding[] {
  const placeOf = ({ file }: Finding): string => (file === bootstrap ? '' : file)
  return findings.toSorted(
    (a, b) => compare(placeOf(a), placeOf(b)) || (a.line ?? 0) - (b.line ?? 0) || compare(a.path, b.path),
  )
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
