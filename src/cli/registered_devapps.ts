import { basename } from 'node:path'
import type { Config } from '../config/config.ts'
import { nameOfPostgres } from '../config/postgres_schema.ts'
import { DocumentError } from '../config/problem.ts'
import { registeredDevApps } from '../registry/open_registry.ts'
import { RegistrySnapshot } from '../registry/registry.ts'

/** The DevApps that the configuration's registry holds now, and what is said of the reading. */
export interface RegisteredNow {
  /** `undefined` where the registry cannot be read. */
  readonly snapshot: RegistrySnapshot | undefined
  readonly said: string
}

/** Reads the registry once. Never rejects. */
export async function registeredNow({ registry }: Config): Promise<RegisteredNow> {
  try {
    const snapshot = new RegistrySnapshot(await registeredDevApps(registry))
    const name = registry.kind === 'file' ? basename(registry.path) : nameOfPostgres(registry)
    return { snapshot, said: `${name}: ${snapshot.devApps.length} DevApps` }
  } catch (error) {
    const { message, cause } = error as Error
    return { snapshot: undefined, said: cause instanceof DocumentError ? cause.message : message }
  }
}
