import type { RegistrySnapshot } from '../src/registry/registry.ts'
import type { DevAppStore } from '../src/registry/store.ts'

/** Where the DevApps are for a run. */
export interface BenchRegistry {
  /** What it is called in the table. */
  readonly title: string
  /** How large it is, in words. */
  readonly size: string
  /** `registry` of the configuration. */
  readonly configuration: string
  readonly store: DevAppStore
  /** What a process has in force that reads it. */
  snapshot(): Promise<RegistrySnapshot>
  close(): Promise<void>
}
