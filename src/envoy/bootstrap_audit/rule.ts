import type { ConfigFile } from '../../config/schema.ts'
import type { Gateway } from './gateway.ts'
import type { Place } from './part.ts'

export type Severity = 'error' | 'warning'

/** What the service's configuration says that Envoy's has to agree with. */
export type Service = Pick<ConfigFile, 'listen' | 'hostnames' | 'policies' | 'deadline'>

/** Something that opens a way around the service, or breaks it. */
export interface Rule {
  /** Never renamed. */
  readonly code: string
  readonly severity: Severity
  /** What comes of it. */
  readonly why: string
  readonly cure: string
  /** Where it is so. Without the service's configuration, a rule finds what can be told from Envoy's alone. */
  readonly broken: (gateway: Gateway, service: Service | undefined) => readonly Broken[]
}

export interface Broken {
  /** Also where something is missing. */
  readonly at: Place & { readonly identity?: string }
  readonly message: string
}

/** A finding where the condition holds. */
export function brokenIf(condition: boolean, at: Broken['at'], message: string): readonly Broken[] {
  return condition ? [{ at, message }] : []
}
